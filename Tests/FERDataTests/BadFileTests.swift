import FERCore
@testable import FERData
import Foundation
import TensorKit
import Testing

@Suite("Bad image files")
struct BadFileTests {
  static let files = [
    "colour.jpg", "halved.jpg", "progressive.jpg", "grey.jpg", "inks.jpg", "turned6.jpg",
    "colour.jpg.expected.png",
    "grey.jpg.expected.png",
  ]
  static let tiffs = ["plain.tiff", "packed.tiff", "grey.tiff"]

  @Test("cut at any byte: an error, never a half-grey picture", arguments: files)
  func truncated(name: String) throws {
    let bytes = try fixture(name)
    for count in 0..<bytes.count {
      #expect(throws: DataProblem.self, "\(count) of \(bytes.count) bytes") {
        try ImageFile.decode(Array(bytes[..<count]), name: name)
      }
    }
  }

  @Test("a cut TIFF is an error while its strips are cut; it never ends the program")
  func truncatedTIFF() throws {
    for name in ["plain.tiff", "packed.tiff"] {
      let bytes = try fixture(name)
      for count in stride(from: 0, to: bytes.count, by: 7) {
        if let image = try? ImageFile.decode(Array(bytes[..<count]), name: name) {
          #expect(
            image.bytes == (try ImageFile.decode(bytes, name: name)).bytes, "\(count) of \(bytes.count) bytes"
          )
        }
      }
    }
  }

  @Test("one bit wrong in any byte: an error or a picture", arguments: files + tiffs)
  func flippedBits(name: String) throws {
    let bytes = try fixture(name)
    var random = RandomSource(seed: 1, stream: name)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(random.below(8))
      let image = try? ImageFile.decode(damaged, name: name)
      // Every byte of a PNG is under a checksum.
      if name.hasSuffix(".png") { #expect(image == nil, "byte \(index)") }
    }
  }

  @Test("many bits wrong", arguments: files + tiffs)
  func noise(name: String) throws {
    let bytes = try fixture(name)
    for round in 0..<300 {
      var random = RandomSource(seed: 2, stream: name, sample: UInt64(round))
      var damaged = bytes
      for _ in 0...random.below(20) { damaged[random.below(bytes.count)] = UInt8(random.below(256)) }
      _ = try? ImageFile.decode(damaged, name: name)
    }
  }

  private func problem(_ bytes: [UInt8], limits: ImageFile.Limits = .init()) -> String {
    do {
      let image = try ImageFile.decode(bytes, name: "a.png", limits: limits)
      return "\(image.width)x\(image.height)"
    } catch {
      return error.description
    }
  }

  @Test("a header that claims too much is refused before memory is given")
  func lyingHeader() throws {
    for (width, height) in [(65_535, 65_535), (2_147_483_647, 1), (1, 2_147_483_647), (32_768, 32_768)] {
      #expect(
        problem(PNGMaker(width: width, height: height, data: [0]).file)
          == "a.png: states a size of \(width)x\(height) pixels; at most 32768 a side and 67108864 in all are read"
      )
    }
    #expect(problem(PNGMaker(width: 0, height: 5, data: [0]).file).contains("Invalid IHDR"))
    #expect(problem(PNGMaker(width: 5, height: 0, data: [0]).file).contains("Invalid IHDR"))
    // The size stands in the frame header: FF C0, length, 8, height, width.
    var jpeg = try fixture("colour.jpg")
    let frame = try #require(jpeg.indices.dropLast(9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    #expect(problem(jpeg).hasPrefix("a.png: states a size of 65280x65280 pixels; at most 32768 a side"))
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x40, 0x00, 0x00, 0x10])
    #expect(problem(jpeg).contains("is cut off"))
  }

  @Test("limits can be set")
  func limits() throws {
    var limits = ImageFile.Limits()
    limits.pixels = 293
    #expect(problem(try fixture("colour.jpg"), limits: limits).contains("21x14"))
    limits.pixels = 294
    #expect(problem(try fixture("colour.jpg"), limits: limits) == "21x14")
    limits.scans = 2
    #expect(
      problem(try fixture("progressive.jpg"), limits: limits) == "a.png: has more than 2 progressive scans")
  }

  @Test("content decides, not the name")
  func content() throws {
    #expect(problem([]) == "a.png: is empty (0 bytes); fetch it again or remove it")
    #expect(
      problem(Array("hello there, reader".utf8))
        == "a.png: is not an image: it starts with the text \"hello there, rea\"; JPEG, PNG, TIFF, "
        + "WebP, GIF, BMP and PNM are read"
    )
    #expect(problem([0, 1, 2, 255]).contains("it starts with the bytes 00 01 02 ff;"))
    let kinds: [(String, [UInt8])] = [
      ("HEIC", Array("....ftypheic".utf8)), ("AVIF", Array("....ftypavif".utf8)),
      ("Photoshop", Array("8BPS".utf8)), ("JPEG 2000", Array("....jP  ".utf8)),
    ]
    for (kind, bytes) in kinds {
      #expect(problem(bytes) == "a.png: is a \(kind) file; convert it to PNG or JPEG")
    }
    #expect(problem(try fixture("colour.jpg")) == "21x14")
    // Texts that begin as pictures do.
    for text in [
      "BMW and others, a list of cars", "P5\nface.jpg and more faces", "P6", "BM", "RIFF and RAFF and RUFF",
    ] {
      #expect(
        problem(Array(text.utf8)).hasPrefix("a.png: is not an image: it starts with the text"), "\(text)")
    }
  }

  /// A list of paths may come line by line: a first line that is no picture must be known at once.
  @Test("whether bytes begin a picture is told as soon as it can be")
  func undecided() throws {
    let files = [
      try fixture("colour.jpg"), try fixture("grey1.png"), try fixture("plain.tiff"),
      try fixture("lossy.webp"),
      try fixture("grey.gif"), BitmapMaker(data: Array(repeating: 0, count: 16)).file,
      BitmapMaker(hasFileHeader: false, data: Array(repeating: 0, count: 16)).file,
      Array("P6\n 1 1 255 abc".utf8),
      Array("P7\nWIDTH 1\n".utf8),
    ]
    for bytes in files {
      #expect(ImageFile.isImage(bytes) == true)
      for count in 0..<bytes.count where count < 40 {
        #expect(ImageFile.isImage(Array(bytes.prefix(count))) != false, "\(count) bytes")
      }
    }
    for line in [
      "BMW.jpg\n", "face.jpg\n", "P5/a.jpg\n", "Picture.png\n", "GIFs/1.gif\n", "RIFF.webp\n", "4.jpg\n",
    ] {
      #expect(ImageFile.isImage(Array(line.utf8)) == false, "\(line)")
    }
  }

  @Test("only files are read: no folder, pipe, device or missing file, and no waiting")
  func notFiles() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let pipe = folder.path + "/pipe.png"
    #expect(mkfifo(pipe, 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/dangling.png", withDestinationPath: folder.path + "/nowhere")
    let cases = [
      (pipe, "is a pipe, not a file"), (folder.path, "is a folder, not a file"),
      ("/dev/zero", "is a device, not a file"),
      (folder.path + "/none.png", "cannot be opened: it does not exist"),
      (folder.path + "/dangling.png", "cannot be opened: it does not exist"),
    ]
    for (path, message) in cases {
      #expect(throws: DataProblem(path, message)) { try ImageFile.decode(path: path) }
      #expect(ImageFile.quickProblem(path: path) == DataProblem(path, message))
    }
    let good = try folder.write(plainPNG(), to: "good.png")
    #expect(try ImageFile.decode(path: good).width == 2)
    #expect(ImageFile.quickProblem(path: good) == nil)
  }
}
