import FERCore

/// What RAF-DB's authors tell of the people: a file for each image, of five landmarks (x y), then gender, race and age
/// by number: `Annotation/manual/train_00001_manu_attri.txt`.
enum RAFDBAttributes {
  private static let kinds = [
    (name: "gender", values: ["male", "female", "unsure"]),
    (name: "race", values: ["Caucasian", "African-American", "Asian"]),
    (name: "age", values: ["0-3", "4-19", "20-39", "40-69", "70+"]),
  ]
  private static let landmarkNumbers = 10

  /// Tells the samples their attributes, where there is a file of them.
  /// - Returns: how many have none.
  /// - Throws: a ``DataProblem`` with everything that is wrong with the files.
  static func read(_ folder: String, into samples: inout [Sample]) throws(DataProblem) -> Int {
    var (problems, missing) = (ProblemList(folder), 0)
    for index in samples.indices {
      let image = samples[index].id
      var stem = image.prefix(upTo: image.lastIndex(of: ".") ?? image.endIndex)
      if stem.hasSuffix("_aligned") { stem = stem.dropLast("_aligned".count) }
      let name = "\(stem)_manu_attri.txt"
      guard FolderListing.isFile("\(folder)/\(name)") else {
        missing += 1
        continue
      }
      do throws(DataProblem) {
        let text = String(decoding: try FileBytes.read("\(folder)/\(name)"), as: UTF8.self)
        samples[index].attributes = parsed(text) { problems.add("\(name): \($0)") }
      } catch { problems.add(error, in: name) }
    }
    try problems.check()
    return missing
  }

  private static func parsed(_ text: String, problem: (String) -> Void) -> [String: String] {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == landmarkNumbers + kinds.count,
      words.prefix(landmarkNumbers).allSatisfy({ Double($0)?.isFinite == true })
    else {
      problem("should be five landmarks (x y), then a number each for gender, race and age")
      return [:]
    }
    return zip(kinds, words.suffix(kinds.count)).reduce(into: [:]) { told, pair in
      let (kind, word) = pair
      guard let number = Int(word), kind.values.indices.contains(number) else {
        return problem(
          "\(kind.name) \(word.prefix(40)) is not in 0...\(kind.values.count - 1) "
            + "(\(kind.values.joined(separator: ", ")))")
      }
      told[kind.name] = kind.values[number]
    }
  }
}
