/// What the numbers in a dataset's files stand for, as its authors count.
public struct ClassOrder: Sendable, Equatable {
  /// The word for it in recipes.
  public let name: String
  /// The number of the first class: RAF-DB counts from 1.
  public let first: Int
  /// The classes in the order of their numbers.
  public let names: [String]

  /// An order of one's own.
  /// - Parameter name: the word for it.
  /// - Parameter first: the number of the first class.
  public init(name: String, first: Int = 0, names: [String]) {
    (self.name, self.first, self.names) = (name, first, names)
  }

  /// RAF-DB (Li, Deng and Du 2017).
  public static let rafDB = ClassOrder(
    name: "raf-db", first: 1,
    names: ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"])
  /// AffectNet (Mollahosseini, Hasani and Mahoor 2017); its first seven are also how some networks were trained on RAF-DB.
  public static let affectNet = ClassOrder(
    name: "affectnet",
    names: ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"])
  /// Aff-Wild2 (Kollias and Zafeiriou 2019), expressions of the challenges from 2022 on.
  public static let affWild2 = ClassOrder(
    name: "aff-wild2",
    names: ["neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other"])
  /// FER2013 (Goodfellow et al. 2013).
  public static let fer2013 = ClassOrder(
    name: "fer2013", names: ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"])
  /// FER+ (Barsoum et al. 2016).
  public static let ferPlus = ClassOrder(
    name: "ferplus",
    names: ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"])

  /// All that a recipe can name.
  public static let all = [affWild2, affectNet, fer2013, ferPlus, rafDB]

  /// The order of that name.
  public static func named(_ name: String) -> ClassOrder? { all.first { $0.name == name } }

  /// The class of a number; nil where there is none.
  public func name(of number: Int) -> String? {
    let (index, overflow) = number.subtractingReportingOverflow(first)
    return !overflow && names.indices.contains(index) ? names[index] : nil
  }

  /// The numbers for an error: "1...7 (surprise, fear, ... neutral)".
  public var range: String { "\(first)...\(first + names.count - 1) (\(names.joined(separator: ", ")))" }
}
