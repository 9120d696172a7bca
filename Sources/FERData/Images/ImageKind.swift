/// What a file's first bytes say it is. Extensions are not asked: they are often wrong.
enum ImageKind: Equatable {
  case jpeg
  case png
  case tiff
  /// A picture of a kind that is not read, by name.
  case unsupported(String)
  /// No picture.
  case unknown

  /// How many bytes ``init(_:)`` wants to see.
  static let bytesNeeded = 32

  /// How the files begin that are read.
  private static let beginnings: [(bytes: [UInt8], kind: ImageKind)] = [
    ([0xFF, 0xD8, 0xFF], .jpeg), ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
    ([0x49, 0x49, 0x2A, 0], .tiff), ([0x4D, 0x4D, 0, 0x2A], .tiff), ([0x49, 0x49, 0x2B, 0], .tiff),
    ([0x4D, 0x4D, 0, 0x2B], .tiff),
  ]

  /// Whether more bytes behind these few could make them the beginning of a file that is read.
  static func isUndecided(_ bytes: [UInt8]) -> Bool {
    beginnings.contains { $0.bytes.count > bytes.count && $0.bytes.starts(with: bytes) }
  }

  init(_ bytes: some Collection<UInt8>) {
    let start = Array(bytes.prefix(Self.bytesNeeded))
    func has(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
    if let beginning = Self.beginnings.first(where: { start.starts(with: $0.bytes) }) {
      self = beginning.kind
    } else if let name = Self.unsupportedName(has) {
      self = .unsupported(name)
    } else {
      self = .unknown
    }
  }

  private static func unsupportedName(_ has: (String, Int) -> Bool) -> String? {
    if has("GIF8", 0) { return "GIF" }
    if has("RIFF", 0) && has("WEBP", 8) { return "WebP" }
    if has("ftyp", 4) {
      if ["avif", "avis"].contains(where: { has($0, 8) }) { return "AVIF" }
      if ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"].contains(where: { has($0, 8) }) {
        return "HEIC"
      }
      return "video"
    }
    if has("BM", 0) && !has("BM ", 0) { return "BMP" }
    if has("jP  ", 4) { return "JPEG 2000" }
    if has("%PDF", 0) { return "PDF" }
    if has("8BPS", 0) { return "Photoshop" }
    return nil
  }

  /// Why a file that starts so cannot be decoded; nil where it can.
  static func problem(startingWith bytes: some Collection<UInt8>) -> String? {
    switch ImageKind(bytes) {
    case .jpeg, .png, .tiff: nil
    case .unsupported(let name): "is a \(name) file; convert it to PNG or JPEG"
    case .unknown: "is not an image: it starts with \(excerpt(bytes)); JPEG, PNG and TIFF are read"
    }
  }

  /// The first bytes as text where they are text, otherwise as numbers.
  private static func excerpt(_ bytes: some Collection<UInt8>) -> String {
    let start = bytes.prefix(16)
    let isText = start.allSatisfy { (32..<127).contains($0) || $0 == 9 || $0 == 10 || $0 == 13 }
    if isText {
      let text = start.map { $0 < 32 ? " " : String(UnicodeScalar($0)) }.joined()
      return "the text \"\(text.replacing("\"", with: "'"))\""
    }
    let digits = Array("0123456789abcdef")
    return "the bytes "
      + start.prefix(8).map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined(separator: " ")
  }
}
