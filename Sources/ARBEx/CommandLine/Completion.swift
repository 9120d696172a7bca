/// Scripts that complete verbs and flags of `arbex` in a shell, made from the verbs' own declarations.
package enum Completion: String, CaseIterable, Sendable {
  case bash, zsh, fish

  /// The script.
  /// - Parameter tool: as the program is called.
  package func script(for verbs: [Verb] = Verb.all, tool: String = "arbex") -> String {
    switch self {
    case .bash: Self.bash(verbs, tool)
    case .zsh: Self.zsh(verbs, tool)
    case .fish: Self.fish(verbs, tool)
    }
  }

  private static func flags(of verb: Verb) -> [Verb.Flag] { verb.flags + [.help] }

  /// First words with what may follow them: nothing for a verb of one word.
  private static func families(_ verbs: [Verb]) -> [(first: String, verbs: [Verb])] {
    var found: [(first: String, verbs: [Verb])] = []
    for verb in verbs {
      let first = String(verb.name.prefix { $0 != " " })
      if let place = found.firstIndex(where: { $0.first == first }) {
        found[place].verbs.append(verb)
      } else {
        found.append((first, [verb]))
      }
    }
    return found
  }

  private static func second(_ verb: Verb) -> String? {
    verb.name.firstIndex(of: " ").map { String(verb.name[verb.name.index(after: $0)...]) }
  }

  /// "bench data" before "bench", of which it would be taken for an argument.
  private static func longestFirst(_ verbs: [Verb]) -> [Verb] {
    verbs.filter { second($0) != nil } + verbs.filter { second($0) == nil }
  }

  // MARK: bash

  private static func bash(_ verbs: [Verb], _ tool: String) -> String {
    let families = families(verbs)
    let seconds = families.compactMap { family -> String? in
      let words = family.verbs.compactMap(second)
      return words.isEmpty ? nil : "      \(family.first)) words=\"\(words.joined(separator: " "))\" ;;"
    }
    let flags = longestFirst(verbs).map { verb in
      "      \"\(verb.name)\"|\"\(verb.name) \"*) words=\"\(Self.flags(of: verb).map(\.name).joined(separator: " "))\" ;;"
    }
    return """
      # bash completion of \(tool), made by: \(tool) completion bash
      _\(function(tool))() {
        local word="${COMP_WORDS[COMP_CWORD]}" line="${COMP_WORDS[*]:1:COMP_CWORD-1}" words=""
        COMPREPLY=()
        if [ "$COMP_CWORD" -eq 1 ]; then
          words="\((families.map(\.first) + ["help", "--help", "--version"]).joined(separator: " "))"
        elif [[ "$word" == -* ]]; then
          case "$line" in
      \(flags.joined(separator: "\n"))
          esac
        elif [ "$COMP_CWORD" -eq 2 ]; then
          case "${COMP_WORDS[1]}" in
      \(seconds.joined(separator: "\n"))
          esac
        fi
        if [ -n "$words" ]; then
          COMPREPLY=($(compgen -W "$words" -- "$word"))
        else
          COMPREPLY=($(compgen -f -- "$word"))
          compopt -o filenames 2>/dev/null
        fi
      }
      complete -F _\(function(tool)) \(tool)

      """
  }

  private static func function(_ tool: String) -> String {
    String(tool.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  // MARK: zsh

  private static func zsh(_ verbs: [Verb], _ tool: String) -> String {
    let described = { (words: [(String, String)]) in
      words.map { "'\(zshText($0)):\(zshText($1))'" }.joined(separator: " ")
    }
    let families = families(verbs)
    let firsts = families.map { family in
      (family.first, second(family.verbs[0]) == nil ? family.verbs[0].purpose : "\(family.verbs.count) verbs")
    }
    let seconds = families.compactMap { family -> String? in
      let rest = family.verbs.compactMap { verb in second(verb).map { ($0, verb.purpose) } }
      return rest.isEmpty ? nil : "      \(family.first)) words_=(\(described(rest))) ;;"
    }
    let flags = longestFirst(verbs).map { verb in
      "      '\(verb.name)'|'\(verb.name) '*) words_=(\(described(Self.flags(of: verb).map { ($0.name, $0.meaning) }))) ;;"
    }
    return """
      #compdef \(tool)
      # zsh completion of \(tool), made by: \(tool) completion zsh
      _\(function(tool))() {
        local -a words_
        if (( CURRENT == 2 )); then
          words_=(\(described(firsts)))
        elif [[ "$PREFIX" == -* ]]; then
          case "${words[2,CURRENT-1]}" in
      \(flags.joined(separator: "\n"))
          esac
        elif (( CURRENT == 3 )); then
          case "${words[2]}" in
      \(seconds.joined(separator: "\n"))
          esac
        fi
        if (( $#words_ )); then _describe -o '\(tool)' words_; else _files; fi
      }
      _\(function(tool)) "$@"

      """
  }

  /// Inside apostrophes, where a colon ends the word that is described.
  private static func zshText(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing(":", with: "\\:").replacing("'", with: "'\\''")
  }

  // MARK: fish

  private static func fish(_ verbs: [Verb], _ tool: String) -> String {
    let families = families(verbs)
    var lines = ["# fish completion of \(tool), made by: \(tool) completion fish"]
    for family in families {
      let (one, seconds) = (
        family.verbs.first { second($0) == nil }, family.verbs.filter { second($0) != nil }
      )
      let purpose = one?.purpose ?? "\(seconds.count) verbs"
      lines.append(
        "complete -c \(tool) -n __fish_use_subcommand -f -a \(family.first) -d \(fishText(purpose))")
      let words = seconds.compactMap(second).joined(separator: " ")
      for verb in seconds {
        lines.append(
          "complete -c \(tool) -n '__fish_seen_subcommand_from \(family.first); and not __fish_seen_subcommand_from \(words)'"
            + " -f -a \(second(verb) ?? "") -d \(fishText(verb.purpose))")
      }
      for verb in family.verbs {
        let seen = [family.first, second(verb)].compactMap { $0 }
          .map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
        for flag in Self.flags(of: verb) {
          let takes = flag.value == nil || flag.ifBare != nil ? "" : " -r"
          lines.append(
            "complete -c \(tool) -n '\(seen)' -l \(flag.name.dropFirst(2))\(takes) -d \(fishText(flag.meaning))"
          )
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fishText(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
