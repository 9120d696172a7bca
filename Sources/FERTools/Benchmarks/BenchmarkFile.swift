import Foundation
import Support

/// What a benchmark printed with `--json`: one object, or where somebody appended, a line with one for each turn.
package struct BenchmarkFile {
  /// One number over all turns.
  struct Figure {
    /// Which line of which table it stands in.
    struct Name: Hashable {
      let table: String
      let line: String
    }

    let name: Name
    let unit: String
    /// Whether more is better: images per second.
    let isRate: Bool
    /// Of each turn.
    var values: [Double]
    /// The least and the greatest of the runs of the first turn; nil where the file does not hold them.
    let range: ClosedRange<Double>?
  }

  /// Which verb printed it.
  enum Kind: String {
    case model = "bench"
    case operations = "bench operations"
    case data = "bench data"
    case start = "bench start"
    case scaling = "bench scaling"

    init?(_ turn: JSONValue) {
      if turn["infer_ms_per_image"] != nil {
        self = .model
      } else if turn["images_per_second_per_thread"] != nil {
        self = .data
      } else if turn["step_ms"] != nil {
        self = .scaling
      } else if turn["start_seconds"] != nil {
        self = .start
      } else if turn["operations"]?.elements?.first?["forward_ms"] != nil {
        self = .operations
      } else {
        return nil
      }
    }
  }

  /// As it is called: its path.
  let name: String
  let kind: Kind
  /// What was printed in each turn, at least one.
  let turns: [JSONValue]

  /// - Throws: ``FileProblem`` where it cannot be read, or holds something else.
  package init(_ path: String) throws {
    guard let text = try FileSystem.text(of: path) else { throw AtomicFile.problem(path, "read", ENOENT) }
    try self.init(text, called: path)
  }

  /// The same of a text.
  /// - Parameter name: as messages call it.
  init(_ text: String, called name: String) throws(FileProblem) {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    // What somebody has laid out over several lines is one object.
    let pieces = lines.allSatisfy { $0.hasPrefix("{\"") } ? lines.map(String.init) : [text]
    turns = pieces.map { (try? JSON5Parser.parse($0))?.value ?? .null }
    let kinds = turns.compactMap(Kind.init)
    guard let kind = kinds.first, kinds.count == turns.count else {
      let wrong = (turns.firstIndex { Kind($0) == nil } ?? 0) + 1
      throw FileProblem(
        name,
        (turns.count > 1 ? "line \(wrong) of \(turns.count) " : "")
          + "is not what a benchmark prints; arbex bench RECIPE --json > FILE writes such a file")
    }
    (self.name, self.kind) = (name, kind)
    if let other = kinds.first(where: { $0 != kind }) {
      throw FileProblem(name, "holds turns of arbex \(kind.rawValue) and of arbex \(other.rawValue)")
    }
  }

  /// What the turns say under a key, in words and each once.
  func facts(_ key: String) -> [String] {
    var facts: [String] = []
    for fact in turns.compactMap({ $0[key] }) where fact != .null {
      let text = fact.text ?? fact.oneLine
      if !facts.contains(text) { facts.append(text) }
    }
    return facts
  }

  /// Of inference in each turn, each once; empty where that is no question.
  var precisions: [String] {
    guard kind == .model else { return [] }
    return Set(turns.map { $0["precision"]?["name"]?.text ?? "float32" }).sorted()
  }

  /// What every turn has, in the order in which it is told.
  var figures: [Figure] {
    var found = Self.figures(turns[0], kind)
    for turn in turns.dropFirst() {
      let more = Self.figures(turn, kind)
      found = found.compactMap { figure in
        guard let value = more.first(where: { $0.name == figure.name })?.values[0] else { return nil }
        var figure = figure
        figure.values.append(value)
        return figure
      }
    }
    return found
  }

  private static func figures(_ turn: JSONValue, _ kind: Kind) -> [Figure] {
    var found: [Figure] = []
    func add(
      _ line: String?, of table: String, _ object: JSONValue, _ key: String, _ unit: String,
      isRate: Bool = false
    ) {
      guard let line, let value = object[key]?.number else { return }
      let name = Figure.Name(table: table, line: line)
      guard !found.contains(where: { $0.name == name }) else { return }
      let ends = ["_min", "_max"].compactMap { object[key + $0]?.number }
      let range = ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
      found.append(Figure(name: name, unit: unit, isRate: isRate, values: [value], range: range))
    }
    let whole = "as a whole"
    switch kind {
    case .model:
      add("inference", of: whole, turn, "infer_ms_per_image", "ms per image")
      add("training step", of: whole, turn, "train_ms_per_image", "ms per image")
      add("inference, memory", of: whole, turn, "infer_peak_rss_mb", "MB")
      add("training step, memory", of: whole, turn, "peak_rss_mb", "MB")
      for (key, title) in [("inference", "inference"), ("training", "training step")] {
        for kind in ["component", "operation"] {
          for line in turn[key]?[kind + "s"]?.elements ?? [] {
            add(line[kind]?.text, of: "\(title), by \(kind)", line, "ms_per_image", "ms per image")
          }
        }
      }
    case .operations:
      for direction in ["forward", "backward"] {
        for line in turn["operations"]?.elements ?? [] {
          let words = [line["operation"], line["sizes"]].compactMap { $0?.text }
          add(words.joined(separator: " "), of: direction, line, direction + "_ms", "ms")
        }
      }
    case .data:
      for (line, key) in [
        ("decoding alone, 1 thread", "decoded_images_per_second"),
        ("1 thread", "images_per_second_per_thread"), ("all threads", "images_per_second"),
      ] {
        add(line, of: whole, turn, key, "images per second", isRate: true)
      }
    case .scaling: add("training step", of: whole, turn, "step_ms", "ms")
    case .start:
      add("start to prediction", of: whole, turn, "start_seconds", "s")
      add("the first process", of: whole, turn, "first_seconds", "s")
      add("memory", of: whole, turn, "peak_rss_mb", "MB")
    }
    return found
  }
}
