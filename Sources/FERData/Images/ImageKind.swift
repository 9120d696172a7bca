/// What a file's first bytes say it is. Extensions are not asked: they are often wrong.
enum ImageKind: Equatable {
  case jpeg
  case png
  case tiff
  case webp
  case gif
  /// BMP and DIB.
  case bitmap
  /// PBM, PGM, PPM and PAM.
  case anymap
  /// A picture of a kind that is not read, by name.
  case unsupported(String)
  /// No picture.
  case unknown

  /// How many bytes ``init(_:)`` wants to see.
  static let bytesNeeded = 32

  /// The endings that files of the kinds that are read have.
  static let endings = [
    "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "webp", "gif", "bmp", "dib", "pbm", "pgm", "ppm",
    "pnm", "pam",
  ]

  /// Whether bytes begin a file of a kind that is read; nil where they are too few to tell.
  private static let tests: [(kind: ImageKind, test: @Sendable ([UInt8]) -> Bool?)] = [
    (.jpeg, { begins($0, [0xFF, 0xD8, 0xFF]) }),
    (.png, { begins($0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) }),
    (.tiff, { begins($0, [0x49, 0x49, 0x2A, 0]) }), (.tiff, { begins($0, [0x4D, 0x4D, 0, 0x2A]) }),
    (.tiff, { begins($0, [0x49, 0x49, 0x2B, 0]) }), (.tiff, { begins($0, [0x4D, 0x4D, 0, 0x2B]) }),
    (.gif, { begins($0, Array("GIF87a".utf8)) }), (.gif, { begins($0, Array("GIF89a".utf8)) }),
    (.webp, beginsWebP), (.bitmap, beginsBitmap), (.bitmap, beginsBareBitmap), (.anymap, beginsAnymap),
  ]

  private static func begins(_ bytes: [UInt8], _ start: [UInt8]) -> Bool? {
    bytes.count >= start.count ? bytes.starts(with: start) : start.starts(with: bytes) ? nil : false
  }

  private static func beginsWebP(_ bytes: [UInt8]) -> Bool? {
    guard begins(bytes, Array("RIFF".utf8)) == true else { return begins(bytes, Array("RIFF".utf8)) }
    return begins(Array(bytes.dropFirst(8)), Array("WEBP".utf8))
  }

  /// "BM" begins texts too; in a bitmap the length of a short header follows.
  private static func beginsBitmap(_ bytes: [UInt8]) -> Bool? {
    guard begins(bytes, Array("BM".utf8)) == true else { return begins(bytes, Array("BM".utf8)) }
    if bytes.count >= 18 { return bytes[14] > 0 && bytes[15...17].allSatisfy { $0 == 0 } }
    let isLine = bytes.allSatisfy { (32..<127).contains($0) || (9...13).contains($0) } && bytes.contains(10)
    return isLine ? false : nil
  }

  /// A DIB without the file header that makes it a BMP: the length of its header, the size, one plane, the bits.
  private static func beginsBareBitmap(_ bytes: [UInt8]) -> Bool? {
    let sizes: [UInt8] = [12, 40, 52, 56, 64, 108, 124]
    guard let size = sizes.first(where: { begins(bytes, [$0, 0, 0, 0]) != false }) else { return false }
    let planes = size == 12 ? 8 : 12
    guard bytes.count >= planes + 4 else { return nil }
    return bytes[planes] == 1 && bytes[planes + 1] == 0
      && [1, 2, 4, 8, 16, 24, 32].contains(bytes[planes + 2])
      && bytes[planes + 3] == 0
  }

  /// "P6" begins texts too; in a picture white space and a number follow, in a PAM a capital letter; or a comment.
  private static func beginsAnymap(_ bytes: [UInt8]) -> Bool? {
    guard bytes.first.map({ $0 == UInt8(ascii: "P") }) != false else { return false }
    guard bytes.count > 2 else { return bytes.count < 2 || (49...55).contains(bytes[1]) ? nil : false }
    guard (49...55).contains(bytes[1]) else { return false }
    if bytes[2] == UInt8(ascii: "#") { return true }
    guard bytes[2] == 32 || (9...13).contains(bytes[2]) else { return false }
    guard let next = bytes.dropFirst(2).first(where: { $0 != 32 && !(9...13).contains($0) }) else {
      return nil
    }
    let isPAM = bytes[1] == UInt8(ascii: "7")
    return next == UInt8(ascii: "#") || (isPAM ? (65...90) : (48...57)).contains(next)
  }

  /// Whether more bytes behind these few could make them the beginning of a file that is read.
  static func isUndecided(_ bytes: [UInt8]) -> Bool {
    let verdicts = tests.map { $0.test(Array(bytes.prefix(bytesNeeded))) }
    return bytes.count < bytesNeeded && !verdicts.contains(true) && verdicts.contains(nil)
  }

  init(_ bytes: some Collection<UInt8>) {
    let start = Array(bytes.prefix(Self.bytesNeeded))
    func has(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
    if let found = Self.tests.first(where: { $0.test(start) == true }) {
      self = found.kind
    } else if let name = Self.unsupportedName(has) {
      self = .unsupported(name)
    } else {
      self = .unknown
    }
  }

  private static func unsupportedName(_ has: (String, Int) -> Bool) -> String? {
    if has("ftyp", 4) {
      if ["avif", "avis"].contains(where: { has($0, 8) }) { return "AVIF" }
      if ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"].contains(where: { has($0, 8) }) {
        return "HEIC"
      }
      return "video"
    }
    if has("jP  ", 4) { return "JPEG 2000" }
    if has("%PDF", 0) { return "PDF" }
    if has("8BPS", 0) { return "Photoshop" }
    return nil
  }

  /// Why a file that starts so cannot be decoded; nil where it can.
  static func problem(startingWith bytes: some Collection<UInt8>) -> String? {
    switch ImageKind(bytes) {
    case .jpeg, .png, .tiff, .webp, .gif, .bitmap, .anymap: nil
    case .unsupported(let name): "is a \(name) file; convert it to PNG or JPEG"
    case .unknown:
      "is not an image: it starts with \(excerpt(bytes)); JPEG, PNG, TIFF, WebP, GIF, BMP and PNM are read"
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
