/// Reads JSON5: JSON with comments, trailing commas, unquoted keys and single quotes.
///
/// Foundation reads JSON5 too, but takes the last of two equal keys in silence and gives no line for a mistake;
/// in a recipe both cost somebody a training run.
package struct JSON5Parser {
  /// A document and the line on which each of its values starts.
  package struct Document {
    /// What the text says.
    package var value: JSONValue
    /// The line on which each value starts, counted from 1.
    package var lines: [JSONPath: Int]
  }

  /// Where the text stops being JSON5, and why.
  package struct Problem: Error, Equatable {
    /// Counted from 1.
    package let line: Int
    /// Counted from 1.
    package let column: Int
    /// What was expected, and what was found.
    package let message: String
  }

  /// Objects and lists inside one another, at most.
  package static let maximumDepth = 64

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var path = JSONPath()
  private var lines: [JSONPath: Int] = [:]
  private var line = 1
  private var lineStart = 0

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// - Throws: ``Problem``.
  package static func parse(_ text: String) throws -> Document {
    var parser = JSON5Parser(text)
    if parser.next == "\u{FEFF}" { parser.advance() }
    let value = try parser.value(depth: 0)
    try parser.skipBlanks()
    guard parser.next == nil else { throw parser.problem("expected the end, found \(parser.found)") }
    return Document(value: value, lines: parser.lines)
  }

  // MARK: values

  private mutating func value(depth: Int) throws -> JSONValue {
    try skipBlanks()
    lines[path] = line
    guard depth <= Self.maximumDepth else {
      throw problem("more than \(Self.maximumDepth) levels inside one another")
    }
    switch next {
    case "{": return try object(depth: depth)
    case "[": return try array(depth: depth)
    case "\"", "'": return .string(try string())
    case nil: throw problem("expected a value, found the end")
    default: return try wordOrNumber()
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    var members: [String: JSONValue] = [:]
    advance()
    while true {
      try skipBlanks()
      if next == "}" { break }
      let before = self
      let key = try self.key()
      guard members[key] == nil else { throw before.problem("\(path / key) is given twice") }
      try skipBlanks()
      guard next == ":" else { throw problem("expected \":\" after \(key), found \(found)") }
      advance()
      path.steps.append(.key(key))
      members[key] = try value(depth: depth + 1)
      path.steps.removeLast()
      try skipBlanks()
      if next == "}" { break }
      guard next == "," else { throw problem("expected \",\" or \"}\", found \(found)") }
      advance()
    }
    advance()
    return .object(members)
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    var elements: [JSONValue] = []
    advance()
    while true {
      try skipBlanks()
      if next == "]" { break }
      path.steps.append(.index(elements.count))
      elements.append(try value(depth: depth + 1))
      path.steps.removeLast()
      try skipBlanks()
      if next == "]" { break }
      guard next == "," else { throw problem("expected \",\" or \"]\", found \(found)") }
      advance()
    }
    advance()
    return .array(elements)
  }

  private mutating func key() throws -> String {
    if next == "\"" || next == "'" { return try string() }
    let (before, start) = (self, position)
    while let scalar = next, Self.isWord(scalar) { advance() }
    guard position > start, !("0"..."9").contains(scalars[start]) else {
      throw before.problem("expected a key, found \(before.found)")
    }
    return text(from: start)
  }

  private mutating func wordOrNumber() throws -> JSONValue {
    let (before, start) = (self, position)
    while let scalar = next, Self.isWord(scalar) || scalar == "." || scalar == "+" || scalar == "-" {
      advance()
    }
    let word = text(from: start)
    switch word {
    case "": throw problem("expected a value, found \(found)")
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: break
    }
    guard let number = Self.number(word) else {
      throw before.problem("expected a value, found \(JSONValue.quoted(word)); text needs quotation marks")
    }
    return number
  }

  /// The number that a word stands for; nil where it is none. What is too large for a double is infinite.
  package static func number(_ word: String) -> JSONValue? {
    let isNegative = word.hasPrefix("-")
    let digits = word.hasPrefix("+") || isNegative ? String(word.dropFirst()) : word
    if digits == "Infinity" { return .double(isNegative ? -.infinity : .infinity) }
    if digits == "NaN" { return .double(.nan) }
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      let hexadecimal = digits.dropFirst(2)
      guard hexadecimal.allSatisfy(\.isHexDigit) else { return nil }
      return Int((isNegative ? "-" : "") + hexadecimal, radix: 16).map(JSONValue.int)
    }
    guard let first = digits.first, first == "." || ("0"..."9").contains(first),
      digits.allSatisfy({ ("0"..."9").contains($0) || ".eE+-".contains($0) }), digits != ".",
      !(first == "0" && digits.dropFirst().first.map { ("0"..."9").contains($0) } ?? false)
    else { return nil }
    let signed = (isNegative ? "-" : "") + digits
    if let whole = Int(signed) { return .int(whole) }
    let filled = (first == "." ? "0" : "") + digits.replacing(".e", with: ".0e").replacing(".E", with: ".0E")
    guard let value = Double(filled.hasSuffix(".") ? filled + "0" : filled) else { return nil }
    if value < 0x1p62, value.rounded() == value { return .int(isNegative ? -Int(value) : Int(value)) }
    return .double(isNegative ? -value : value)
  }

  private mutating func string() throws -> String {
    let before = self
    let quote = next
    var result = String.UnicodeScalarView()
    advance()
    while let scalar = next, scalar != quote {
      guard scalar != "\n", scalar.value >= 0x20 || scalar == "\t" else {
        throw before.problem("this text does not end on its line")
      }
      advance()
      if scalar == "\\" {
        if let escaped = try escape() { result.append(escaped) }
      } else {
        result.append(scalar)
      }
    }
    guard next != nil else { throw before.problem("this text does not end on its line") }
    advance()
    return String(result)
  }

  private mutating func escape() throws -> Unicode.Scalar? {
    guard let scalar = next else { throw problem("expected a character after \"\\\", found the end") }
    advance()
    switch scalar {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "0": return "\0"
    case "\n": return nil
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    default: return scalar
    }
  }

  private mutating func hexadecimal(_ count: Int) throws -> Unicode.Scalar {
    guard let high = digits(count) else { throw problem("expected \(count) hexadecimal digits") }
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard (0xD800..<0xDC00).contains(high), next == "\\" else { throw problem("half of a surrogate pair") }
    advance()
    guard next == "u" else { throw problem("half of a surrogate pair") }
    advance()
    guard let low = digits(4), (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw problem("half of a surrogate pair") }
    return scalar
  }

  private mutating func digits(_ count: Int) -> UInt32? {
    let start = position
    for _ in 0..<count where next?.properties.isASCIIHexDigit == true { advance() }
    return position - start == count ? UInt32(text(from: start), radix: 16) : nil
  }

  // MARK: characters

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func advance() {
    if scalars[position] == "\n" { (line, lineStart) = (line + 1, position + 1) }
    position += 1
  }

  private mutating func skipBlanks() throws {
    while let scalar = next {
      if scalar == "/" {
        try skipComment()
      } else if scalar.properties.isWhitespace {
        advance()
      } else {
        return
      }
    }
  }

  private mutating func skipComment() throws {
    let before = self
    advance()
    if next == "/" {
      while next != nil, next != "\n" { advance() }
    } else if next == "*" {
      advance()
      while !(next == "*" && position + 1 < scalars.count && scalars[position + 1] == "/") {
        guard next != nil else { throw before.problem("this comment does not end") }
        advance()
      }
      advance()
      advance()
    } else {
      throw before.problem("expected a value or a comment, found \"/\"")
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
  }

  private func text(from start: Int) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[start..<position])
    return String(view)
  }

  private var found: String { next.map { JSONValue.quoted(String($0)) } ?? "the end" }

  private func problem(_ message: String) -> Problem {
    Problem(line: line, column: position - lineStart + 1, message: message)
  }
}
