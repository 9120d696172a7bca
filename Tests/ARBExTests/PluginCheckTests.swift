import ARBEx
import TestSupport
import Testing

@Suite("plugins check")
struct PluginCheckTests {
  private func check(_ words: String...) -> Answer {
    Answer(["plugins", "check"] + words, plugins: [FlawedPlugin.self])
  }

  @Test("a sound component: every rule of its kind is named, and the exit code is 0")
  func sound() {
    let told = check("sound")
    #expect(told.code == 0, "\(told.output)")
    #expect(told.printed.first?.split(separator: "\n").first == "correction term \"sound\"")
    for rule in ["options", "shapes", "range", "evidence", "finite", "determinism", "independence", "saving"]
    {
      #expect(told.output.contains("  ok  \(rule) "), "\(rule)")
    }
    #expect(told.output.contains("  ok  gradients     every parameter gets a gradient"))
    #expect(told.output.hasSuffix("1 component checked, nothing found\n"))
  }

  @Test(
    "each flaw is named by its rule, with what was seen",
    arguments: [
      ("narrow", "shapes", "the distribution has shape [3, 2], declared is [3, 4]"),
      ("thrice", "range", "which sums to 3"),
      ("changing", "determinism", "built twice with the same seed, it gives different results"),
      ("forgetful", "saving", "saved and loaded again, it gives different results"),
      ("no-gradient", "finite", "ordinary input, gradients: a value is not finite"),
      ("wrong-gradient", "gradients", "gradient of \"weight\" has norm"),
    ])
  func flawed(name: String, rule: String, words: String) {
    let told = check("corrections/" + name)
    #expect(told.code == 1)
    let line = told.output.split(separator: "\n").first { $0.hasPrefix("  FAILED  \(rule) ") }
    #expect(line?.contains(words) ?? false, "\(told.output)")
    #expect(told.output.hasSuffix("1 component checked, 1 with something wrong\n"))
  }

  @Test("what was not tried after a failure is told, in JSON too")
  func skipped() throws {
    let told = check("thrice", "sound")
    #expect(
      told.output.contains("  not tried after that: finite, determinism, independence, saving, gradients"))
    #expect(told.output.hasSuffix("2 components checked, 1 with something wrong\n"))
    let answer = check("thrice", "--json")
    let components = try #require(try answer.json()["components"] as? [[String: Any]])
    #expect(answer.code == 1 && components.count == 1)
    #expect(components[0]["component"] as? String == "correction term \"thrice\"")
    #expect((components[0]["skipped"] as? [String])?.first == "finite")
    let checks = try #require(components[0]["checks"] as? [[String: Any]])
    let failed = checks.filter { $0["ok"] as? Bool == false }
    #expect(failed.compactMap { $0["rule"] as? String } == ["range"])
    #expect((failed.first?["problems"] as? [String])?.isEmpty == false)
  }

  @Test("options of the one component that is named")
  func options() {
    #expect(check("corrections/anchor", "--set", "perClass=2").code == 0)
    let wrong = check("corrections/anchor", "--set", "perClass=0")
    #expect(wrong.code == 1 && wrong.output.contains("FAILED  options"), "\(wrong.output)")
    #expect(wrong.output.contains("must be at least 1"))
    let typo = check("corrections/anchor", "--set", "perClas=2")
    #expect(typo.code == 2 && typo.remarks.contains("did you mean \"perClass\"?"), "\(typo.remarks)")
    // A correction and a loss have that name.
    let two = check("anchor", "--set", "perClass=2")
    #expect(two.code == 2 && two.remarks.contains("these are named: corrections/anchor, losses/anchor"))
    #expect(check("--set", "perClass=2").code == 2)
  }

  @Test("a name that nobody has")
  func unknown() {
    let told = check("prototyp")
    #expect(told.code == 2 && told.remarks.contains("no component is named \"prototyp\""))
    #expect(check("sund").remarks.contains("did you mean \"sound\"?"))
  }
}

/// What is wrong with a term, made from the scores that its weights give.
private protocol Flaw: SendableMetatype {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor
}

private final class Flawed<F: Flaw>: CorrectionTerm {
  typealias Options = NoOptions
  private let weight: Parameter
  private var calls = 0

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    weight = context.scope.parameter(
      "weight", [context.classCount, try context.embeddingSize()], .normal(deviation: 0.3))
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    calls += 1
    let scores = prediction.embedding.matmul(pass[weight], transposingOther: true)
    return Correction(distribution: F.distribution(scores, calls: calls))
  }
}

private enum None: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor { scores.softmax() }
}
private enum Narrow: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor {
    scores.sliced(along: 1, from: 0, count: 2).softmax()
  }
}
private enum Thrice: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor { scores.softmax() * 3 }
}
private enum Changing: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor {
    (scores * Float.random(in: 1...2)).softmax()
  }
}
private enum Forgetful: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor { (scores * Float(calls)).softmax() }
}
private enum NoGradient: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor {
    let shape = scores.shape
    return scores.detached.softmax().recorded(from: [scores]) { _ in [.full(shape, .nan)] }
  }
}
/// The gradient is twice what it should be.
private enum WrongGradient: Flaw {
  static func distribution(_ scores: Tensor, calls: Int) -> Tensor {
    let right = scores.softmax()
    return right * 2 - right.detached
  }
}

private enum FlawedPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.corrections.register("sound", Flawed<None>.self)
    try registry.corrections.register("narrow", Flawed<Narrow>.self)
    try registry.corrections.register("thrice", Flawed<Thrice>.self)
    try registry.corrections.register("changing", Flawed<Changing>.self)
    try registry.corrections.register("forgetful", Flawed<Forgetful>.self)
    try registry.corrections.register("no-gradient", Flawed<NoGradient>.self)
    try registry.corrections.register("wrong-gradient", Flawed<WrongGradient>.self)
  }
}
