import FERCore
import Support

/// What somebody wants.
enum Request {
  /// All verbs, or one.
  case help(Verb?)
  case version
  case run(Verb, words: [String], flags: [String: [String]])
}

/// Reads a command line against the declared verbs.
struct ArgumentParser {
  let verbs: [Verb]

  func parse(_ arguments: [String]) throws(UsageProblem) -> Request {
    guard let first = arguments.first else {
      throw UsageProblem("nothing to do; name a verb: \(listed(verbs.map(\.name)))")
    }
    if first == "--help" || first == "-h" { return .help(nil) }
    if ["--version", "-V", "version"].contains(first) { return .version }
    if first == "help" {
      guard arguments.count > 1 else { return .help(nil) }
      return .help(try verb(in: Array(arguments.dropFirst())).verb)
    }
    let (verb, rest) = try verb(in: arguments)
    return try parse(rest, for: verb)
  }

  private func verb(in arguments: [String]) throws(UsageProblem) -> (verb: Verb, rest: [String]) {
    for length in [2, 1] where arguments.count >= length {
      let name = arguments.prefix(length).joined(separator: " ")
      if let verb = verbs.first(where: { $0.name == name }) {
        return (verb, Array(arguments.dropFirst(length)))
      }
    }
    let first = arguments[0]
    let family = verbs.map(\.name).filter { $0.hasPrefix(first + " ") }
    if !family.isEmpty {
      guard arguments.count > 1, arguments[1] != "--help", arguments[1] != "-h" else {
        throw UsageProblem("\"\(first)\" needs one more word: \(listed(family))")
      }
      let tried = "\(first) \(arguments[1])"
      throw UsageProblem(
        "there is no verb \(JSONValue.quoted(tried))\(NearestName.suggestion(for: tried, among: family))"
          + "\n  verbs: \(listed(family))")
    }
    let kind = first.hasPrefix("-") ? "flag before the verb" : "verb"
    let known = verbs.map(\.name)
    let pair = arguments.prefix(2).joined(separator: " ")
    let nearest =
      NearestName.of(pair, among: known.filter { $0.contains(" ") })
      ?? NearestName.of(first, among: known + ["--help", "--version"])
    throw UsageProblem(
      "there is no \(kind) \(JSONValue.quoted(first))" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        + "\n  verbs: \(listed(known))")
  }

  private func parse(_ arguments: [String], for verb: Verb) throws(UsageProblem) -> Request {
    if arguments.contains("--help") || arguments.contains("-h") { return .help(verb) }
    var words: [String] = []
    var flags: [String: [String]] = [:]
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      let halves = argument.utf8.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
      ).map { String(Substring($0)) }
      let following = halves.count == 2 ? halves[1] : rest.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
      let flag = try flag(halves[0], of: verb, value: following)
      if flags[flag.name] != nil, !flag.isRepeatable {
        throw UsageProblem("\(flag.name) is given twice", verb: verb.name)
      }
      guard let value = flag.value else {
        guard halves.count == 1 else { throw UsageProblem("\(flag.name) takes no value", verb: verb.name) }
        flags[flag.name] = [""]
        continue
      }
      if halves.count == 1, rest.first?.hasPrefix("--") ?? true {
        if let bare = flag.ifBare {
          flags[flag.name, default: []].append(bare)
          continue
        }
        throw UsageProblem("\(flag.name) needs a value, \(value)", verb: verb.name)
      }
      let given = halves.count == 2 ? halves[1] : rest.removeFirst()
      flags[flag.name, default: []].append(given)
    }
    try check(words, for: verb)
    return .run(verb, words: words, flags: flags)
  }

  private func flag(_ name: String, of verb: Verb, value: String?) throws(UsageProblem) -> Verb.Flag {
    if let flag = verb.flags.first(where: { $0.name == name }) { return flag }
    let known = (verb.flags.map(\.name) + ["--help"]).sorted()
    let hint =
      UsualFlags.hint(for: name, value: value, of: verb) ?? NearestName.suggestion(for: name, among: known)
    throw UsageProblem(
      "\"\(verb.name)\" has no flag \(JSONValue.quoted(name))\(hint)\n  flags: \(listed(known))",
      verb: verb.name)
  }

  private func check(_ words: [String], for verb: Verb) throws(UsageProblem) {
    let needed = verb.arguments.filter { $0.count == .one || $0.count == .atLeastOne }
    if words.count < needed.count {
      throw UsageProblem(
        "\"\(verb.name)\" needs \(needed[words.count].name), \(needed[words.count].meaning)", verb: verb.name)
    }
    let isOpen = verb.arguments.contains { $0.count == .any || $0.count == .atLeastOne }
    if !isOpen, words.count > verb.arguments.count {
      throw UsageProblem(
        "\"\(verb.name)\" does not know what to do with \(JSONValue.quoted(words[verb.arguments.count]))",
        verb: verb.name)
    }
  }

  private func listed(_ names: [String]) -> String { names.joined(separator: ", ") }
}
