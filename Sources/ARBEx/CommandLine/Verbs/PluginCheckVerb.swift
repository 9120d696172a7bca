import FERCore
import FERTools
import NeuralKit
import Support

extension Verb {
  static let pluginsCheck = Verb(
    "plugins check", "whether components keep the rules of their kind",
    arguments: [
      Argument(
        "NAME", "a component's name, or its kind and name as corrections/anchor; without any, all there are",
        count: .any)
    ],
    flags: [
      Flag(
        "--set", value: "OPTION=VALUE", "give the one component that is named another value of an option",
        isRepeatable: true), .json,
    ],
    notes: """
      Each is built by itself, on small made-up inputs and from what other registered parts deliver, and held to what
      recipes, training and checkpoints rely on. A program with plug-ins of its own checks those, too:

        .build/release/mine plugins check prototype

      The exit code is 1 where a component breaks a rule. No check tells whether a component computes what its paper
      says: a worked example of your own does.
      """
  ) { call in
    let chosen = try call.each { try components(named: $0, in: call.registry) }.flatMap { $0 }
    var setting = ConformanceKit.Setting()
    if let options = try options(for: chosen, call) { setting.options[chosen[0].place] = options }
    let reports = try ConformanceKit.reports(
      in: call.registry, only: chosen.isEmpty ? nil : chosen.map(\.place), setting: setting
    ) { report in
      if !call.has("--json") { try call.output.print(report.text) }
    }
    let broken = reports.count { !$0.findings.isEmpty }
    if call.has("--json") {
      try call.output.print(JSONValue.object(["components": .array(reports.map(\.json))]).pretty())
    } else {
      let components = "\(reports.count) component\(reports.count == 1 ? "" : "s") checked"
      try call.output.print(
        components + (broken == 0 ? ", nothing found" : ", \(broken) with something wrong"))
    }
    return broken == 0 ? 0 : 1
  }

  /// Those of that name, or of that kind and name.
  private static func components(named word: String, in registry: Registry) throws -> [ComponentSummary] {
    let found = registry.summaries.filter { $0.name == word || $0.place == word }
    guard !found.isEmpty else { throw UsageProblem(noComponent: word, in: registry) }
    return found
  }

  /// What `--set` says of the component; nil where it says nothing. A value is read as JSON5, else taken as text.
  private static func options(for chosen: [ComponentSummary], _ call: Invocation) throws -> JSONValue? {
    let words = call.values("--set")
    guard !words.isEmpty else { return nil }
    guard chosen.count == 1 else {
      let found = chosen.map(\.place).joined(separator: ", ")
      throw UsageProblem(
        "--set is of one component, and " + (chosen.isEmpty ? "none is named" : "these are named: \(found)"))
    }
    var options: [String: JSONValue] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let known = chosen[0].options.map(\.key)
      guard parts.count == 2, known.contains(parts[0]) else {
        throw UsageProblem(
          "--set needs OPTION=VALUE with an option of \(chosen[0].place), was given \(JSONValue.quoted(word))"
            + NearestName.suggestion(for: parts[0], among: known)
            + "\n  options: " + (known.isEmpty ? "none" : known.joined(separator: ", ")))
      }
      options[parts[0]] = (try? JSON5Parser.parse(parts[1]))?.value ?? .string(parts[1])
    }
    return .object(options)
  }
}

extension ComponentSummary {
  /// Kind and name, as in "corrections/anchor".
  var place: String { "\(plural)/\(name)" }
}

extension ConformanceKit.Report {
  /// The component, then a line for each rule and each thing that is wrong.
  fileprivate var text: String {
    let rows = rules.map { rule in
      [hasBroken(rule) ? "FAILED" : "ok", rule.rawValue, messages(rule).first ?? rule.meaning]
    }
    var lines = [component]
    for (rule, line) in zip(rules, TextTable.text(rows, indent: 2).split(separator: "\n")) {
      lines.append(String(line))
      lines += messages(rule).dropFirst().map { "          and \($0)" }
    }
    if !skipped.isEmpty {
      lines.append("  not tried after that: " + skipped.map(\.rawValue).joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }

  fileprivate var json: JSONValue {
    .object([
      "component": .string(component),
      "checks": .array(
        rules.map { rule in
          .object([
            "rule": .string(rule.rawValue), "ok": .bool(!hasBroken(rule)), "meaning": .string(rule.meaning),
            "problems": .texts(messages(rule)),
          ])
        }),
      "skipped": .texts(skipped.map(\.rawValue)),
    ])
  }

  private func hasBroken(_ rule: ConformanceKit.Rule) -> Bool { findings.contains { $0.rule == rule } }

  private func messages(_ rule: ConformanceKit.Rule) -> [String] {
    findings.filter { $0.rule == rule }.map { $0.message.replacing("\n", with: "; ") }
  }
}
