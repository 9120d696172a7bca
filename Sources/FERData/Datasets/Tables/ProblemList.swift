import FERCore

/// Gathers what is wrong with one file, so that all of it is reported at once: the first few in full, the rest
/// counted.
public struct ProblemList {
  /// How many are told in full.
  static let told = 10

  private let path: String
  private var count = 0
  private var sentences: [String] = []
  private var isRequest = true

  /// Nothing is wrong yet with the file at `path`.
  public init(_ path: String) { self.path = path }

  /// Adds a problem with the file as a whole, or with a line of it.
  public mutating func add(line: Int? = nil, _ sentence: @autoclosure () -> String) {
    count += 1
    guard sentences.count < Self.told else { return }
    sentences.append((line.map { "line \($0): " } ?? "") + sentence())
  }

  /// Adds what is wrong with a file of the folder that this list is about.
  mutating func add(_ problem: DataProblem, in name: String) {
    isRequest = isRequest && problem.isRequest
    add("\(name): \(problem.message)")
  }

  /// - Parameter hint: what may be behind all of them.
  /// - Throws: one ``DataProblem`` with everything, where there is something.
  public func check(hint: String = "") throws(DataProblem) {
    guard count > 0 else { return }
    let hint = hint.isEmpty ? "" : "\n  \(hint)"
    if count == 1 { throw DataProblem(path, sentences[0] + hint, isRequest: isRequest) }
    let rest = count > sentences.count ? "\n  and \(count - sentences.count) more" : ""
    throw DataProblem(
      path, "\(count) problems\n  " + sentences.joined(separator: "\n  ") + rest + hint,
      isRequest: isRequest)
  }
}
