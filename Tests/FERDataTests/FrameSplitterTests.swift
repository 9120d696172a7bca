import Foundation
import Testing

@testable import FERData

@Suite("A stream of images")
struct FrameSplitterTests {
  private static let names = [
    "progressive.jpg", "restarts.jpg", "interlaced.png", "palette.png", "ycck.jpg", "turned6.jpg",
    "turned6.png",
  ]

  /// All frames of a stream that comes in pieces of that size.
  private func frames(_ stream: [UInt8], pieces: Int = 1 << 16, limit: Int = 1 << 20) -> [FrameSplitter.Frame]
  {
    var (splitter, found) = (FrameSplitter(limit: limit), [FrameSplitter.Frame]())
    for start in stride(from: 0, to: stream.count, by: pieces) {
      splitter.add(Array(stream[start..<min(start + pieces, stream.count)]))
      while let frame = splitter.next() { found.append(frame) }
    }
    splitter.finish()
    while let frame = splitter.next() { found.append(frame) }
    #expect(splitter.waiting == 0 && splitter.next() == nil)
    return found
  }

  @Test(
    "files one behind another come out as they went in, however they are cut",
    arguments: [1, 7, 1000, 1 << 20])
  func wholeFiles(pieces: Int) throws {
    let files = try Self.names.map(fixture)
    #expect(frames(Array(files.joined()), pieces: pieces) == files.map { .image($0) })
    let headers = Array("\r\n--next\r\nContent-Type: image/jpeg\r\n\r\n".utf8) + [0, 0]
    #expect(frames(headers + files.flatMap { $0 + headers }, pieces: pieces) == files.map { .image($0) })
    #expect(frames([], pieces: pieces) == [] && frames(headers, pieces: pieces) == [])
  }

  @Test("an image is told of with its last byte, not with the next one's first")
  func atOnce() throws {
    var splitter = FrameSplitter()
    for file in try Self.names.map(fixture) {
      splitter.add(file.dropLast())
      #expect(splitter.next() == nil)
      splitter.add([file[file.count - 1]])
      #expect(splitter.next() == .image(file) && splitter.next() == nil && splitter.waiting == 0)
    }
  }

  /// A segment of 4 + inner bytes behind the start of the image, as EXIF keeps its preview.
  @Test("a preview inside a JPEG is a part of it")
  func preview() throws {
    let (outer, inner) = (try fixture("turned1.jpg"), try fixture("restarts.jpg"))
    let length = inner.count + 2
    try #require(length < 65536)
    let file = outer[..<2] + [0xFF, 0xE5, UInt8(length >> 8), UInt8(length & 255)] + inner + outer[2...]
    #expect(frames(Array(file + outer)) == [.image(Array(file)), .image(outer)])
  }

  @Test("an image that is cut off anywhere costs itself alone", arguments: ["restarts.jpg", "palette.png"])
  func cutOff(name: String) throws {
    let (file, next) = (try fixture(name), [try fixture("progressive.jpg"), try fixture("turned6.png")])
    for count in stride(from: 9, to: file.count, by: 13) {
      let found = frames(file[..<count] + next[0] + next[1] + file[..<count])
      #expect(found.count == 4, "cut at \(count) of \(file.count)")
      #expect(found.filter { if case .image = $0 { true } else { false } } == next.map { .image($0) })
    }
  }

  @Test("what is no image is told once, and the next image is found behind it")
  func noise() throws {
    let file = try fixture("palette.png")
    let noise = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 128) }
    for pieces in [1, 100, 1 << 16] {
      #expect(
        frames(noise + file + noise, pieces: pieces) == [
          .problem("is no JPEG or PNG image"), .image(file), .problem("is no JPEG or PNG image"),
        ])
    }
    let text = [UInt8](repeating: 65, count: 5000)
    #expect(frames(text + file) == [.problem("is no JPEG or PNG image"), .image(file)])
    // Damaged structures: a segment without a length, a chunk without a name.
    let (jpeg, png) = (try fixture("restarts.jpg"), file)
    let broken = [jpeg[..<4] + [0, 0] + jpeg[6...], png[..<12] + [1, 2, 3, 4] + png[16...]].map(Array.init)
    for damaged in broken {
      let found = frames(damaged + jpeg)
      #expect(found.count == 2 && found[1] == .image(jpeg))
      guard case .problem(let problem)? = found.first else { Issue.record("no problem"); continue }
      #expect(
        problem.hasPrefix("is a damaged JPEG: ") || problem.hasSuffix(" damaged: a chunk in it has no name"))
    }
  }

  @Test("no more is kept than an image may be long")
  func bounded() throws {
    let file = try fixture("restarts.jpg")
    var splitter = FrameSplitter(limit: 2000)
    // Compressed data without an end.
    splitter.add(Array(file[..<(file.count - 2)]))
    var problems: [FrameSplitter.Frame] = []
    for _ in 0..<1000 {
      splitter.add([UInt8](repeating: 7, count: 1000))
      while let frame = splitter.next() { problems.append(frame) }
      #expect(splitter.waiting <= 3000 + file.count)
    }
    #expect(problems == [.problem("is longer than 2000 bytes")])
    // A chunk that claims two gigabytes.
    let png = try fixture("palette.png")
    let claims = png[..<33] + [0x7F, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8) + png[41...]
    splitter.add(Array(claims + png))
    #expect(splitter.next() == .problem("is longer than 2000 bytes"))
    #expect(splitter.next() == .image(png))
  }
}
