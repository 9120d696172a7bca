import Support

/// The manual as `man` reads it, made from the verbs' own declarations: a page of the whole, and one for each verb.
package enum ManualPages {
  /// Names of files with their text: "arbex.1", "arbex-train.1", "arbex-recipe-show.1".
  package static func all(
    of verbs: [Verb] = Verb.all, tool: String = "arbex"
  ) -> [(name: String, text: String)] {
    [("\(tool).1", overview(verbs, tool))]
      + verbs.map { ("\(pageName($0, tool)).1", page(of: $0, tool)) }
  }

  private static func pageName(_ verb: Verb, _ tool: String) -> String {
    ([tool] + verb.name.split(separator: " ").map(String.init)).joined(separator: "-")
  }

  private static func head(_ name: String, _ purpose: String) -> String {
    """
    .TH \(name.uppercased()) 1 "" "arbex \(Program.version)" "User Commands"
    .SH NAME
    \(escaped(name)) \\- \(escaped(purpose))

    """
  }

  private static func overview(_ verbs: [Verb], _ tool: String) -> String {
    let list = verbs.map { entry($0.name, $0.purpose) }
    let codes = ExitCode.table.map { entry("\($0.code)", $0.meaning) }
    return head(tool, "facial-expression recognition, from recipe to trained model") + """
      .SH SYNOPSIS
      \\fB\(tool)\\fR \\fIVERB\\fR ...
      .SH DESCRIPTION
      A recipe says what is trained on what; \(tool) trains it, tells honest numbers and draws pictures, and can do it again to the
      same bits. Recipes that come along are named without a path: \\fB\(tool) recipe list\\fR.
      .SH VERBS
      \(list.joined(separator: "\n"))
      .SH EXIT STATUS
      \(codes.joined(separator: "\n"))
      .SH SEE ALSO
      \(verbs.map { "\\fB\(escaped(pageName($0, tool)))\\fR(1)" }.joined(separator: ", "))

      """
  }

  private static func page(of verb: Verb, _ tool: String) -> String {
    let words = verb.arguments.map { ".TP\n\\fI\(escaped($0.name))\\fR\n\(escaped($0.meaning))" }
    let flags = (verb.flags + [.help]).map { flag in
      let value = flag.value.map { " \\fI\(escaped($0))\\fR" } ?? ""
      return ".TP\n\\fB\(escaped(flag.name))\\fR\(value)\n\(escaped(flag.meaning))"
    }
    let notes = verb.notes.isEmpty ? "" : ".SH NOTES\n.nf\n\(escaped(verb.notes))\n.fi\n"
    return head(pageName(verb, tool), verb.purpose) + """
      .SH SYNOPSIS
      \\fB\(tool) \(escaped(verb.name))\\fR \\fI\(escaped(Help.usage(of: verb.arguments)))\\fR [flags]
      .SH ARGUMENTS AND FLAGS
      \((words + flags).joined(separator: "\n"))
      \(notes).SH SEE ALSO
      \\fB\(tool)\\fR(1)

      """
  }

  /// A word in bold, and what it means.
  private static func entry(_ word: String, _ meaning: String) -> String {
    ".TP\n\\fB\(escaped(word))\\fR\n\(escaped(meaning))"
  }

  /// Text in which nothing is taken for a request: backslashes, dashes, and lines that begin with a dot or an apostrophe.
  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\e").replacing("-", with: "\\-").split(
      separator: "\n", omittingEmptySubsequences: false
    ).map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : String($0) }.joined(separator: "\n")
  }
}
