/// Mid-tones that are told from white and from black, and from each other by most colour-blind eyes.
enum FigureColour {
  static let primary = "#8b919b"
  static let final = "#2f7fc1"
  /// What is missing from or too much for what should be.
  static let gap = "#d1603d"

  /// The colour of one of a model's distributions by its name.
  static func distribution(_ name: String) -> String { name == "primary" ? primary : final }
}
