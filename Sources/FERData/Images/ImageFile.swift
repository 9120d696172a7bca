import CImageCodecs
import FERCore
import Foundation
import Support

/// Image files in and out.
///
/// JPEG, PNG, TIFF, WebP, GIF, BMP and PNM are told apart by their content and decoded to upright RGB, as the
/// orientation in their EXIF or XMP asks; of several pictures in a file the first. Transparency is dropped (the colour beneath it is kept, as Pillow's `convert("RGB")` does); grey is
/// spread over the three channels; sixteen bits are scaled to eight. What is damaged or cut off is an error,
/// never a half-grey picture. Decoding takes at most 16 bytes for each pixel of the limit, beside the file itself.
public enum ImageFile {
  /// What a picture may claim of itself before memory is given to it.
  public struct Limits: Sendable, Equatable {
    /// The longest side, in pixels.
    public var side = 32_768
    /// The most pixels in all.
    public var pixels: Int
    /// The most scans of a progressive JPEG.
    public var scans = 256

    /// - Parameter pixels: the most in all; 8192 x 8192 where nothing is said.
    public init(pixels: Int = 64 << 20) { self.pixels = pixels }

    /// The limits as the decoders in C take them.
    fileprivate var codecLimits: image_codec_limits {
      image_codec_limits(
        side: Int32(clamping: side), pixels: Int64(min(max(0, pixels), 1 << 40)),
        scans: Int32(clamping: scans))
    }

    /// Why a picture of that size is not read; nil where it is.
    func problem(width: Int, height: Int) -> String? {
      var message = Message()
      let outcome = image_codec_check_size(
        UInt64(clamping: width), UInt64(clamping: height), codecLimits, &message.text)
      return outcome == 0 ? nil : message.sentence
    }
  }

  /// Reads and decodes a file.
  /// - Throws: a ``DataProblem`` that names the file, what is wrong with it and what to do.
  public static func decode(path: String, limits: Limits = Limits()) throws(DataProblem) -> Image {
    try decode(try FileBytes.read(path), name: path, limits: limits)
  }

  /// Decodes a file's content. `name` is what problems call it.
  /// - Throws: a ``DataProblem``.
  package static func decode(
    _ bytes: [UInt8], name: String, limits: Limits = Limits()
  ) throws(DataProblem) -> Image {
    guard !bytes.isEmpty else { throw DataProblem(name, "is empty (0 bytes); fetch it again or remove it") }
    if let problem = ImageKind.problem(startingWith: bytes) { throw DataProblem(name, problem) }
    let kind = ImageKind(bytes)
    if kind == .bitmap { return try WindowsBitmap.decode(bytes, name: name, limits: limits) }
    if kind == .anymap { return try PortableAnymap.decode(bytes, name: name, limits: limits) }
    var picture = image_codec_picture()
    defer { image_codec_free(&picture) }
    var message = Message()
    let bounds = limits.codecLimits
    let outcome =
      switch kind {
      case .png: image_codec_decode_png(bytes, bytes.count, bounds, &picture, &message.text)
      case .tiff: image_codec_decode_tiff(bytes, bytes.count, bounds, &picture, &message.text)
      case .webp: image_codec_decode_webp(bytes, bytes.count, bounds, &picture, &message.text)
      case .gif: image_codec_decode_gif(bytes, bytes.count, bounds, &picture, &message.text)
      default: image_codec_decode_jpeg(bytes, bytes.count, bounds, &picture, &message.text)
      }
    guard outcome == 0, let pixels = picture.pixels else { throw DataProblem(name, message.sentence) }
    let count = Int(picture.width) * Int(picture.height) * 3
    return Image(
      width: Int(picture.width), height: Int(picture.height),
      bytes: UnsafeBufferPointer(start: pixels, count: count))
  }

  /// The most bytes that are read as one image.
  package static var largestFile: Int { FileBytes.largestImage }

  /// Whether something that starts so is an image of a kind that is read; nil where more bytes are needed to tell.
  package static func isImage(_ start: [UInt8]) -> Bool? {
    ImageKind.isUndecided(start) ? nil : ImageKind.problem(startingWith: start) == nil
  }

  /// Why the file cannot be an image, as far as its size and first bytes tell; nil where it may be one.
  package static func quickProblem(path: String) -> DataProblem? {
    do throws(DataProblem) {
      let (bytes, size) = try FileBytes.start(of: path, count: ImageKind.bytesNeeded)
      guard size > 0 else { return DataProblem(path, "is empty (0 bytes); fetch it again or remove it") }
      guard size <= FileBytes.largestImage else {
        return DataProblem(
          path, "is \(size) bytes long; at most \(FileBytes.largestImage) are read as an image")
      }
      return ImageKind.problem(startingWith: bytes).map { DataProblem(path, $0) }
    } catch { return error }
  }

  /// The image as a PNG file of eight bits a channel.
  /// - Throws: a ``DataProblem`` where the image has no pixels or memory is short.
  package static func encodePNG(_ image: Image) throws(DataProblem) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = Message()
    let outcome = image_codec_encode_png(
      image.bytes, Int32(clamping: image.width), Int32(clamping: image.height), &encoded, &count,
      &message.text)
    defer { free(encoded) }
    guard outcome == 0, let encoded else { throw DataProblem("PNG", message.sentence) }
    return Array(UnsafeBufferPointer(start: encoded, count: count))
  }

  /// Writes the image as a PNG file that says who wrote it, replacing what is there.
  /// - Throws: a ``DataProblem`` that names the file.
  package static func writePNG(_ image: Image, path: String) throws(DataProblem) {
    let bytes = signed(try encodePNG(image))
    do { try AtomicFile.write(to: path, size: bytes.count) { try $0.write(bytes) } } catch {
      let problem = error as? FileProblem
      throw DataProblem(
        path, problem?.message ?? "cannot be written: \(error)", isRequest: problem?.isRequest ?? false)
    }
  }

  /// Whether this program wrote a file that begins so.
  package static func isSigned(start: [UInt8]) -> Bool {
    let text = String(decoding: start, as: UTF8.self)
    return text.hasPrefix("\u{FFFD}PNG") && text.contains("tEXtSoftware\0arbex")
  }

  /// Whether this program wrote the picture at a path.
  package static func isSigned(path: String) -> Bool {
    (try? FileBytes.start(of: path, count: 64).bytes).map(isSigned) ?? false
  }

  /// With a text "Software" behind the header, by which this program knows its own pictures (PNG 1.2, section 11.3.4).
  private static func signed(_ png: [UInt8]) -> [UInt8] {
    let headerEnd = 33
    let text = Array("tEXtSoftware\0arbex".utf8)
    var sum = CRC32()
    text.withUnsafeBytes { sum.update($0) }
    let number = { (value: UInt32) in (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    return png[..<headerEnd] + number(UInt32(text.count - 4)) + text + number(sum.value) + png[headerEnd...]
  }

  /// The decoder's room for a sentence.
  private struct Message {
    var text = [CChar](repeating: 0, count: Int(image_codec_message_size))
    var sentence: String {
      String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}

extension Image {
  /// An image from eight-bit RGB values; 255 becomes 1.
  init(width: Int, height: Int, bytes: UnsafeBufferPointer<UInt8>) {
    self.init(width: width, height: height, eightBit: Array(bytes))
  }

  /// The pixels in eight bits, rounded and held within 0...255; what is not a number becomes 0.
  package var bytes: [UInt8] {
    eightBit
      ?? pixels.map { value in
        let scaled = value * 255 + 0.5
        return scaled >= 255 ? 255 : scaled > 0 ? UInt8(scaled) : 0
      }
  }
}
