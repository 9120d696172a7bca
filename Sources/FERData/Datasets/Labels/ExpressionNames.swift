import FERCore

/// What people call the basic expressions. Folder names and class names meet here, by meaning and never by
/// number.
public enum ExpressionNames {
  /// Words for one expression stand in one row; the first is the name used here.
  static let rows: [[String]] = [
    ["neutral", "neutrality", "calm", "normal"],
    ["happiness", "happy", "joy", "joyful", "smile", "smiling"],
    ["sadness", "sad", "sorrow"],
    ["surprise", "surprised", "surprising", "suprise", "astonishment"],
    ["fear", "fearful", "afraid", "scared"],
    ["disgust", "disgusted", "disgusting"],
    ["anger", "angry"],
    ["contempt", "contemptuous"],
  ]

  /// The usual name of what a word means; the word itself, in lower case, where it is not known.
  public static func canonical(_ name: String) -> String {
    let word = String(name.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
      .lowercased()
    return rows.first { $0.contains(word) }?[0] ?? word
  }

  /// Whether a word names one of the basic expressions.
  public static func isKnown(_ name: String) -> Bool { rows.contains { $0[0] == canonical(name) } }

  /// Which of the classes a folder name means: the one spelt the same, otherwise the one that means the same.
  public static func index(of name: String, in classes: [String]) -> Int? {
    classes.firstIndex(of: name) ?? classes.firstIndex { canonical($0) == canonical(name) }
  }
}
