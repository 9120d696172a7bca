import ARBEx
import Foundation
import Support
import TensorKit

/// Command lines: every verb with words and flags of its own, of others, doubled, missing, with unlucky values; each in
/// a folder of its own that holds a recipe, a trained run, faces, a table and weights.
struct CommandTarget: MutationTarget {
  private struct Line {
    let verb: [String]
    let flags: [String]
  }

  private let lines: [Line]
  private let options: Options
  private let template: String
  /// Verbs that work for longer than an answer may take.
  private static let working = [
    "train", "sweep", "explain", "bench", "report", "eval", "reproduce", "compare", "data suspects",
    "calibrate",
  ]
  private static let files = [
    "tiny.json5", "run", "run/recipe.json5", "run/checkpoints/best.safetensors", "run/predictions.csv",
    "faces",
    "faces/1.png", "faces/*.png", "missing", "empty", "text.txt", "pipe", "loop", "-", "--", "", " ",
    "/dev/null",
    "/dev/full", "/dev/zero", "new", "new/deep/er", "anchor", "training", "é", "faces/1.png/x",
  ]

  init(_ options: Options) throws {
    self.options = options
    template = options.folder + "/template"
    let help = CommandAnswer(["--help"]).printed.split(separator: "\n")
    // A verb's line begins with two spaces and its name in small letters; its words are in capitals.
    let verbs = help.filter { $0.hasPrefix("  ") && $0.dropFirst(2).first?.isLowercase == true }.map { line in
      line.split(separator: " ").prefix { $0.allSatisfy(\.isLowercase) }.prefix(2).map(String.init)
    }
    lines = verbs.compactMap { words in
      let verb = (1...max(1, words.count)).map { Array(words.prefix($0)) }.last {
        CommandAnswer($0 + ["--help"]).code == 0
      }
      // Measuring for a minute tries nothing.
      let long = [["bench", "operations"], ["bench", "scaling"], ["plugins", "check"]]
      guard let verb, !long.contains(verb) else { return nil }
      let flags = CommandAnswer(verb + ["--help"]).printed.split(separator: "\n").compactMap { line in
        line.hasPrefix("  --") ? line.split(separator: " ").first.map(String.init) : nil
      }
      return Line(verb: verb, flags: flags)
    }
    guard lines.count > 10 else { throw HarnessProblem("the help names only \(lines.count) verbs") }
    try makeTemplate()
  }

  private func makeTemplate() throws {
    let files = FileManager.default
    try files.createDirectory(atPath: template + "/faces", withIntermediateDirectories: true)
    try files.copyItem(atPath: options.project + "/Tests/Faults/tiny.json5", toPath: template + "/tiny.json5")
    for name in ["1", "2"] {
      try files.copyItem(
        atPath: options.project + "/Tests/Fixtures/Images/grey\(name).png",
        toPath: template + "/faces/\(name).png")
    }
    try Data().write(to: URL(fileURLWithPath: template + "/empty"))
    try Data("some words\n".utf8).write(to: URL(fileURLWithPath: template + "/text.txt"))
    let answer = CommandAnswer(["train", template + "/tiny.json5", "--out", template + "/run"])
    guard answer.code == 0 else {
      throw HarnessProblem("the tiny recipe cannot be trained: \(answer.remarked)")
    }
    try? files.removeItem(atPath: template + "/run/report")
  }

  func allowance(_ number: Int) -> Double {
    var random = RandomSource(seed: options.seed, stream: options.target, sample: UInt64(number))
    let verb = words(&random).prefix(2).joined(separator: " ")
    return Self.working.contains { verb.hasPrefix($0) } ? 60 : options.patience
  }

  /// Says on standard error what it is going to run.
  func tell(_ number: Int) {
    var random = RandomSource(seed: options.seed, stream: options.target, sample: UInt64(number))
    FileHandle.standardError.write(Data("\(words(&random))\n".utf8))
  }

  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict {
    let place = options.folder + "/\(number)"
    try FileManager.default.copyItem(atPath: template, toPath: place)
    mkfifo(place + "/pipe", 0o600)
    symlink(place, place + "/loop")
    defer { try? FileManager.default.removeItem(atPath: place) }
    guard chdir(place) == 0 else { throw HarnessProblem("\(place): cannot be entered") }
    let words = words(&random)
    let isReport = words.starts(with: ["data", "check"]) || words.first == "doctor"
    let verdict = CommandAnswer(words).verdict(report: isReport)
    guard case .fault(let text) = verdict else { return verdict }
    return .fault("\(words): \(text)")
  }

  private func words(_ random: inout RandomSource) -> [String] {
    let line = lines[random.below(lines.count)]
    var words = line.verb
    for _ in 0..<random.below(4) { words.append(argument(&random)) }
    for _ in 0..<random.below(4) {
      let from = random.below(8) == 0 ? lines[random.below(lines.count)] : line
      guard !from.flags.isEmpty else { continue }
      var flag = from.flags[random.below(from.flags.count)]
      switch random.below(8) {
      case 0: flag += "=" + value(&random)
      case 1: flag.removeLast()
      case 2: break
      default: words.append(flag)
      }
      if random.below(8) != 7 {
        words.append(flag == "--set" ? setting(&random) : value(&random))
      } else {
        words.append(flag)
      }
    }
    return words
  }

  private func argument(_ random: inout RandomSource) -> String {
    // The first two are what most verbs work with.
    random.below(2) == 0 ? Self.files[random.below(2)] : Self.files[random.below(Self.files.count)]
  }

  private func value(_ random: inout RandomSource) -> String {
    random.below(2) == 0 ? argument(&random) : Self.words[random.below(Self.words.count)]
  }

  /// What is right and only takes long is no fault: numbers of images, of epochs and of a batch are small or absurd.
  private static let words = Mutator.words.filter { word in
    Int(word).map { abs($0.clamped) <= 256 || abs($0.clamped) > 1 << 40 } ?? true
  }
  private static let small = ["0", "-1", "1", "2", "3", "1e19", "null", "NaN", "[]", "\"\"", "{}", ""]

  private func setting(_ random: inout RandomSource) -> String {
    let keys = [
      "training.epochs", "data.train.count", "input.size", "training.batch", "model.head.hidden", "seed", "x",
      "", "=",
    ]
    let place = random.below(keys.count)
    let words = place < 3 ? Self.small : Self.words
    return keys[place] + "=" + words[random.below(words.count)]
  }
}

extension Int {
  /// Away from the end whose absolute value is none.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
