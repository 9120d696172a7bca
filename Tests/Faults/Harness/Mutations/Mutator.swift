import TensorKit

/// Changes bytes and texts as damage and malice would.
enum Mutator {
  /// Numbers at which arithmetic goes wrong.
  static let integers: [Int] = [
    0, 1, -1, 2, 7, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 1_000_000_000, 2_147_483_647,
    2_147_483_648,
    4_294_967_295, 4_294_967_296, 4_611_686_018_427_387_904, .max - 7, .max, .min, .min + 1,
  ]

  /// Numbers, texts and lists as a recipe, a table or a command line may hold them.
  static let words =
    integers.map(String.init) + [
      "1e19", "-1e19", "1e308", "-1e308", "1e999", "1e-320", "0.5", "-0.0", "0.1e1", "1.", ".5", "0x10",
      "NaN", "Infinity",
      "-Infinity", "18446744073709551616", "99999999999999999999999999", "null", "true", "false", "yes",
      "\"\"", "\" \"",
      "\"é\"", "\"e\u{301}\"", "\"\u{0}\"", "\"\u{202E}\"", "\"\\u0000\"", "\"/dev/null\"", "\"/dev/zero\"",
      "\"..\"",
      "\"../../x\"", "\"%s%n\"", "[]", "{}", "[[]]", "[0]", "[-1]", "[1e19]", "[9223372036854775807]",
      "[4294967296, 4294967296]", "[1, 2, 3, 4, 5, 6, 7, 8]", "{ use: \"\" }", "{ use: \"tiny\" }",
      "{ use: null }", "[null]",
      "[{}]", "'", "\"", "{", "}", "[", "]", ",", ":", "//", "/*", "\\",
    ]

  /// Turns bits, cuts, repeats, moves and overwrites with unlucky numbers: one to four times.
  static func changed(_ bytes: [UInt8], _ random: inout RandomSource) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) { change(&bytes, &random) }
    return bytes
  }

  private static func change(_ bytes: inout [UInt8], _ random: inout RandomSource) {
    guard !bytes.isEmpty else {
      bytes = (0..<random.below(32)).map { _ in UInt8(random.below(256)) }
      return
    }
    // Half of the changes lie in the first 256 bytes, where headers are.
    let place = random.below(random.below(2) == 0 ? min(256, bytes.count) : bytes.count)
    let length = min(bytes.count - place, 1 + random.below(random.below(4) == 0 ? 256 : 8))
    switch random.below(9) {
    case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
    case 2: bytes[place] = UInt8(random.below(256))
    case 3: bytes.removeSubrange(place...)
    case 4: bytes.removeSubrange(place..<(place + length))
    case 5: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
    case 6:
      let size = [1, 2, 4, 8][random.below(4)]
      let value = UInt64(bitPattern: Int64(integers[random.below(integers.count)]))
      let isBig = random.below(2) == 0
      for index in 0..<size where place + index < bytes.count {
        bytes[place + index] = UInt8(
          truncatingIfNeeded: value >> UInt64(8 * (isBig ? size - 1 - index : index)))
      }
    case 7: for index in place..<(place + length) { bytes[index] = random.below(2) == 0 ? 0 : 255 }
    default:
      let from = random.below(bytes.count - length + 1)
      bytes.replaceSubrange(place..<(place + length), with: Array(bytes[from..<(from + length)]))
    }
  }

  /// A text in which words (numbers, names, quoted texts) are exchanged for unlucky ones, for others of the text, or
  /// are doubled or lost: one to three times.
  static func changed(words text: String, _ random: inout RandomSource) -> String {
    var parts = pieces(of: text)
    let places = parts.indices.filter { parts[$0].first?.isWordPart == true }
    guard !places.isEmpty else { return text }
    for _ in 0...random.below(3) {
      let place = places[random.below(places.count)]
      switch random.below(8) {
      case 0: parts[place] = ""
      case 1: parts[place] += parts[place]
      case 2: parts[place] = parts[places[random.below(places.count)]]
      case 3: parts[place] = String(repeating: parts[place], count: 1 + random.below(300))
      case 4: parts[place] = String(repeating: "[", count: random.below(2000)) + parts[place]
      default: parts[place] = words[random.below(words.count)]
      }
    }
    return parts.joined()
  }

  /// Runs of letters and digits, and what lies between them.
  private static func pieces(of text: String) -> [String] {
    var pieces: [String] = []
    var last: Bool?
    for character in text {
      if last == character.isWordPart {
        pieces[pieces.count - 1].append(character)
      } else {
        pieces.append(String(character))
      }
      last = character.isWordPart
    }
    return pieces
  }
}

extension Character {
  fileprivate var isWordPart: Bool { isLetter || isNumber || self == "." || self == "-" || self == "_" }
}
