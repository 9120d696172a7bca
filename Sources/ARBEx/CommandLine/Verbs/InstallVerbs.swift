import FERTraining
import Support

// What an installation is made of.
extension Verb {
  static let completion = Verb(
    "completion", "a script that completes verbs and flags in a shell",
    arguments: [Argument("SHELL", Completion.allCases.map(\.rawValue).joined(separator: ", "))],
    notes: """
      For this session: source <(arbex completion bash); arbex completion fish | source. `make install` puts all three
      where the shells look for them.
      """
  ) { call in
    guard let shell = Completion(rawValue: call.words[0]) else {
      let known = Completion.allCases.map(\.rawValue)
      throw UsageProblem(
        "no completion for \(JSONValue.quoted(call.words[0]))"
          + NearestName.suggestion(for: call.words[0], among: known) + "; there is one for "
          + known.joined(separator: ", "))
    }
    try call.output.print(shell.script().trimmedEnd)
    return 0
  }

  static let manual = Verb(
    "manual", "writes the man pages, one for each verb, into a folder",
    arguments: [Argument("DIR", "where to; made where it is not there")],
    notes: "To read one: man -l DIR/arbex-train.1"
  ) { call in
    let folder = call.words[0]
    try FileSystem.makeFolder(folder)
    let pages = ManualPages.all()
    for page in pages { try AtomicFile.write(page.text, to: folder + "/" + page.name) }
    try call.output.print("\(pages.count) pages in \(folder.printable)")
    return 0
  }
}
