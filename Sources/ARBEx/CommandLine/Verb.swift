import FERCore
import FERTraining
import TensorKit
import Support

/// One thing `arbex` can do: what it takes, declared as data, and how it is done.
package struct Verb: Sendable {
  /// A word that stands by its place, not behind a flag.
  package struct Argument: Sendable {
    /// How often it may come.
    package enum Count: Sendable { case one, optional, any, atLeastOne }
    /// As it is called in the help: "RECIPE".
    package let name: String
    /// What it is, for the help.
    package let meaning: String
    /// How often it may come.
    package let count: Count

    /// Made from its parts.
    package init(_ name: String, _ meaning: String, count: Count = .one) {
      self.name = name
      self.meaning = meaning
      self.count = count
    }
  }

  /// `--out DIR`, or a switch such as `--json`.
  package struct Flag: Sendable {
    /// With its dashes: "--out".
    package let name: String
    /// What its value is called in the help; nil for a switch.
    package let value: String?
    /// What counts as its value where none follows; nil where one must.
    package let ifBare: String?
    /// What it is, for the help.
    package let meaning: String
    /// Whether it may be given more than once.
    package let isRepeatable: Bool

    /// Made from its parts.
    package init(
      _ name: String, value: String? = nil, ifBare: String? = nil, _ meaning: String,
      isRepeatable: Bool = false
    ) {
      self.name = name
      self.value = value
      self.ifBare = ifBare
      self.meaning = meaning
      self.isRepeatable = isRepeatable
    }
  }

  /// One or two words: "train", "recipe show".
  package let name: String
  /// What it does, in a line.
  package let purpose: String
  /// Its words without a flag, in their order.
  package let arguments: [Argument]
  /// Its flags, beside `--help`.
  package let flags: [Flag]
  /// What else its help says; "" where there is nothing.
  package let notes: String
  /// Does it.
  /// - Returns: an ``ExitCode``.
  package let run: @Sendable (Invocation) throws -> Int32

  /// Made from its parts.
  package init(
    _ name: String, _ purpose: String, arguments: [Argument] = [], flags: [Flag] = [], notes: String = "",
    run: @escaping @Sendable (Invocation) throws -> Int32
  ) {
    self.name = name
    self.purpose = purpose
    self.arguments = arguments
    self.flags = flags
    self.notes = notes
    self.run = run
  }
}

extension Verb.Flag {
  /// `--json`, on every verb that has numbers to tell.
  package static let json = Verb.Flag("--json", "one JSON object on standard output, nothing else there")
  /// `--set`, on every verb that reads a recipe.
  package static let set = Verb.Flag(
    "--set", value: "KEY=VALUE", "change the recipe: training.epochs=3; null removes; may come often",
    isRepeatable: true)
  /// `--uncalibrated`, on every verb that applies stored temperatures.
  static let uncalibrated = Verb.Flag(
    "--uncalibrated", "the model's own distributions, whatever `calibrate --store` left beside the weights")
  static let help = Verb.Flag("--help", "show this")
}

/// A verb as somebody typed it.
package struct Invocation: Sendable {
  /// The words without a flag, in their order.
  package let words: [String]
  /// Everything a recipe can name.
  package let registry: Registry
  /// Where results and remarks go.
  package internal(set) var output: CommandOutput
  /// The name by which the program was called.
  let tool: String
  /// What this process lacks for a precision, in words.
  let precisionObstacle: @Sendable (Precision) -> String?
  private let flags: [String: [String]]

  init(
    words: [String], flags: [String: [String]], registry: Registry, output: CommandOutput,
    tool: String = "arbex",
    precisionObstacle: @escaping @Sendable (Precision) -> String? = \.obstacle
  ) {
    self.precisionObstacle = precisionObstacle
    self.tool = tool
    self.words = words
    self.flags = flags
    self.registry = registry
    self.output = output
  }

  /// What each word stands for. Where several stand for nothing, all of them are told: those before the last here.
  /// - Throws: what `body` throws for the last of them.
  func each<Value>(_ body: (String) throws -> Value) throws -> [Value] {
    let found = words.map { word in Result { try body(word) } }
    let wrong = found.indices.filter { if case .failure = found[$0] { true } else { false } }
    for index in wrong.dropLast() {
      do { _ = try found[index].get() } catch {
        _ = CommandLineTool.end(after: error, tool: tool, output: output)
      }
    }
    if let last = wrong.last { _ = try found[last].get() }
    return try found.map { try $0.get() }
  }

  /// Whether a switch was given.
  package func has(_ flag: String) -> Bool { flags[flag] != nil }
  /// The value behind a flag; nil where the flag was not given.
  package func value(_ flag: String) -> String? { flags[flag]?.last }
  /// All values behind a repeatable flag.
  package func values(_ flag: String) -> [String] { flags[flag] ?? [] }

  /// The whole number behind a flag; nil where the flag was not given.
  /// - Throws: ``UsageProblem`` where it is no number, below `minimum` or above `maximum`.
  package func wholeNumber(
    _ flag: String, atLeast minimum: Int = 0, atMost maximum: Int = 1_000_000_000
  ) throws(UsageProblem) -> Int? {
    guard let text = value(flag) else { return nil }
    let isDigits = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
    guard let number = Int(text) ?? (isDigits ? .max : nil), number >= minimum else {
      throw UsageProblem(
        "\(flag) needs a whole number of at least \(minimum), was given \(JSONValue.quoted(text.printable))")
    }
    guard number <= maximum else {
      throw UsageProblem("\(flag) takes at most \(maximum), was given \(text.printable)")
    }
    return number
  }

  /// The number behind a flag; nil where the flag was not given.
  /// - Throws: ``UsageProblem`` where it is no number, or outside of `range`.
  func number(_ flag: String, in range: ClosedRange<Double>) throws(UsageProblem) -> Double? {
    guard let text = value(flag) else { return nil }
    guard let number = Double(text), range.contains(number) else {
      let bound = { (number: Double) in number == number.rounded() ? "\(Int(number))" : "\(number)" }
      throw UsageProblem(
        "\(flag) needs a number from \(bound(range.lowerBound)) to \(bound(range.upperBound)), was given \(JSONValue.quoted(text.printable))"
      )
    }
    return number
  }

  /// Reads and checks a recipe with the `--set`s of this invocation.
  /// - Parameter word: the path of its file, or the name of one that comes along.
  /// - Parameter more: changes beside those of `--set`.
  /// - Parameter needsWeights: false where no weights will be read: their files may then be missing.
  package func recipe(at word: String, overrides more: [String] = [], needsWeights: Bool = true) throws
    -> Recipe
  {
    let path = try recipePath(of: word)
    do {
      return try Recipe.load(
        path: path, overrides: values("--set") + more, needsWeights: needsWeights, registry: registry)
    } catch {
      var problems = error
      guard problems.problems.contains(where: { $0.issue.message.contains(" is named \"") }) else {
        throw problems
      }
      problems.hint = StoredRun.otherProgram(ofRecipe: path, for: registry, called: tool)
      throw problems
    }
  }

  /// The path of a recipe file, or of a sweep's, by a word as somebody typed it.
  /// - Throws: ``RecipeProblems`` where there is none, and one that comes along is called nearly so.
  func recipePath(of word: String) throws(RecipeProblems) -> String {
    let recipes = ShippedRecipes()
    let path = recipes.path(for: word)
    guard !FileSystem.exists(path) else { return path }
    let suggestion = recipes.suggestion(for: word)
    guard !suggestion.isEmpty else { return path }
    throw RecipeProblems([
      RecipeProblem(.file(word, line: 0), RecipeIssue(JSONPath(), "does not exist" + suggestion))
    ])
  }

  /// Tells which components `--set` put in others' places, what went with those, and what becomes of the model's size.
  /// - Returns: what was told, a sentence each.
  @discardableResult func tellSwaps(of recipe: Recipe) -> [String] {
    let remarks = swapRemarks(of: recipe)
    for remark in remarks { output.remark("note: \(remark)") }
    return remarks
  }

  private func swapRemarks(of recipe: Recipe) -> [String] {
    let told = recipe.swaps.map(\.sentence)
    let isModel = recipe.swaps.contains { "\($0.path)".hasPrefix("model.") }
    guard isModel, let old = try? Recipe.load(path: recipe.path, needsWeights: false, registry: registry)
    else { return told }
    let counts = [old, recipe].map { $0.parameterCounts() }
    let (before, after) = (
      Dictionary(counts[0]) { $0 + $1 }, Dictionary(counts[1]) { $0 + $1 }
    )
    var names: [String] = []
    for part in counts[1] + counts[0] where !names.contains(part.part) { names.append(part.part) }
    let parts = names.filter { before[$0] != after[$0] }
      .map { "\($0) \(before[$0] ?? 0) -> \(after[$0] ?? 0)" }
    let totals = counts.map { $0.reduce(0) { $0 + $1.count } }
    return told + ["parameters: \(totals[0]) -> \(totals[1]) (\(parts.joined(separator: ", ")))"]
  }
}

/// Standard output and standard error, or what stands for them in a test.
package struct CommandOutput: Sendable {
  /// Writes a line of results. What it throws, an `OutputProblem`, ends the work: results that nobody can have are not
  /// worth going on for.
  package let print: @Sendable (String) throws -> Void
  /// Writes a line that is no result: a remark, an error. It is lost where nobody can have it.
  package let remark: @Sendable (String) -> Void

  /// Made from its parts.
  package init(
    print: @escaping @Sendable (String) throws -> Void, remark: @escaping @Sendable (String) -> Void
  ) {
    self.print = print
    self.remark = remark
  }

  /// Writes the last word on work whose results lie in files. That nobody listens any more, as where a terminal was
  /// closed or the `tee` behind a pipe has ended, makes the work no worse; a disk that is full still counts.
  func conclude(_ text: String) throws {
    do { try print(text) } catch let problem as OutputProblem where problem.reason != .failed {}
  }
}

/// A request that cannot be understood.
package struct UsageProblem: AttributedError, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, and what to do.
  package let description: String
  /// The verb whose help would tell more; "" for all verbs.
  package var verb = ""
  /// Always.
  package var isRequest: Bool { true }

  /// Made from its parts.
  package init(_ description: String, verb: String = "") {
    self.description = description
    self.verb = verb
  }
}
