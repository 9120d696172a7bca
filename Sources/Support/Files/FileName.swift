#if canImport(Glibc)
  import Glibc
#endif

/// Names of files and folders, which Linux knows as bytes and this program as text.
///
/// Most names are UTF-8. In the text of a name a byte that belongs to no UTF-8 stands as one character of Unicode's
/// private use, U+10FF80 for the byte 0x80 up to U+10FFFF for 0xFF, and a name that holds such a character itself has
/// each of its four bytes written so. Every name therefore has a text of its own, and the text leads back to it. What is
/// shown, and what lists of results say, has `\xE9` in their place (``escaped(_:)``).
///
/// Swift takes two texts for equal where they look the same (é in one piece, or e and an accent). As names they are
/// two; ``ExactName`` tells them apart.
package enum FileName {
  private static let firstEscape: UInt32 = 0x10FF80 - 0x80
  private static let escapes: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

  /// The text of a name.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !holdsEscapes(text) { return text }
    let bytes = Array(bytes)
    var result = String.UnicodeScalarView()
    var place = 0
    while place < bytes.count {
      if let scalar = scalar(of: bytes, at: place), !escapes.contains(scalar.value) {
        result.append(scalar)
        place += UTF8.width(scalar)
      } else {
        result.append(escape(bytes[place]))
        place += 1
      }
    }
    return String(result)
  }

  /// The text of a name that C holds, with a zero behind it.
  package static func text(cString name: UnsafePointer<CChar>) -> String {
    text(UnsafeRawBufferPointer(start: name, count: strlen(name)))
  }

  /// The bytes of a name.
  package static func bytes(of text: some StringProtocol) -> [UInt8] {
    guard holdsEscapes(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in
      escapes.contains(scalar.value)
        ? [UInt8(truncatingIfNeeded: scalar.value - firstEscape)] : Array(String(scalar).utf8)
    }
  }

  /// The text with `\xE9` in place of each byte that is no text: fit to be shown.
  /// - Parameter backslash: how the text writes one.
  package static func escaped(_ text: String, backslash: String = "\\") -> String {
    guard holdsEscapes(text) else { return text }
    return text.unicodeScalars.reduce(into: "") { $0 += escaped($1, backslash) ?? String($1) }
  }

  /// `\xE9` for what stands for the byte 0xE9; nil for every other character.
  static func escaped(_ scalar: Unicode.Scalar, _ backslash: String = "\\") -> String? {
    guard escapes.contains(scalar.value) else { return nil }
    return backslash + "x" + String(scalar.value - firstEscape, radix: 16, uppercase: true)
  }

  /// Whether there may be bytes in it that are no text. Characters from U+C0000 on alone begin with this byte.
  static func holdsEscapes(_ text: some StringProtocol) -> Bool {
    text.utf8.contains(0xF4) && text.unicodeScalars.contains { escapes.contains($0.value) }
  }

  private static func escape(_ byte: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(firstEscape + UInt32(byte)) ?? "\u{FFFD}"
  }

  private static func scalar(of bytes: [UInt8], at place: Int) -> Unicode.Scalar? {
    let width =
      switch bytes[place] {
      case ..<0x80: 1
      case 0xC2..<0xE0: 2
      case 0xE0..<0xF0: 3
      case 0xF0..<0xF5: 4
      default: 0
      }
    guard width > 0, place + width <= bytes.count else { return nil }
    return String(validating: bytes[place..<place + width], as: UTF8.self)?.unicodeScalars.first
  }
}

/// A name as a key: equal only to a name of the same bytes.
package struct ExactName: Hashable, Sendable {
  /// The name.
  package let text: String

  /// The name as a key.
  package init(_ text: some StringProtocol) { self.text = String(text) }

  /// Whether the bytes are the same.
  package static func == (first: Self, second: Self) -> Bool {
    first.text.utf8.elementsEqual(second.text.utf8)
  }

  /// Takes the bytes in.
  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension StringProtocol {
  /// The name as the system takes it, zero behind it.
  package var systemName: [CChar] { FileName.bytes(of: self).map { CChar(bitPattern: $0) } + [0] }

  /// Whether it begins with these bytes, whatever accents follow.
  package func startsExactly(with start: some StringProtocol) -> Bool { utf8.starts(with: start.utf8) }

  /// Whether it ends in these bytes, whatever they are the accents of.
  package func endsExactly(with end: some StringProtocol) -> Bool {
    utf8.reversed().starts(with: end.utf8.reversed())
  }
}
