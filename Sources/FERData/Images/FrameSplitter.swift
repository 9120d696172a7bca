/// Finds the images in a stream of JPEG and PNG files one behind another, as `ffmpeg -f image2pipe` writes them.
///
/// Where an image ends follows from its own structure: markers and their segments in a JPEG (ITU-T T.81, annex B), chunks
/// in a PNG (PNG 1.2, section 3). So a preview inside a JPEG ends nothing. An image that is cut off or damaged costs
/// itself alone: the next one is looked for behind what could be followed. Text and zeros between images, as the headers
/// in a camera's multipart stream, are passed over.
package struct FrameSplitter {
  /// One image, or what came in its place.
  package enum Frame: Equatable, Sendable {
    case image([UInt8])
    /// The sentence that says what is wrong.
    case problem(String)
  }

  private enum Kind: String { case jpeg = "JPEG", png = "PNG" }
  /// What is known at the place that has been reached.
  private enum Step {
    /// No image has begun.
    case between
    /// A JPEG's marker, or a PNG's chunk, is next.
    case structure(Kind)
    /// Compressed data of a JPEG, which go on up to a marker.
    case scan
  }
  /// What became of a step.
  private enum Outcome { case goesOn, needsMore, frame(Frame) }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let start: [UInt8] = [0xFF, 0xD8, 0xFF]
  private static let anotherInside = "is cut off: another image begins inside it"
  /// The longest text between two images.
  private static let longestText = 4096

  private let limit: Int
  private var buffer: [UInt8] = []
  /// Where the image begins that is being followed, or what lies between images.
  private var first = 0
  /// How far that has been understood.
  private var place = 0
  private var step = Step.between
  /// Whether what lies between images has been told of already.
  private var isLost = false
  private var hasEnded = false

  /// - Parameter limit: the most bytes of an image; hardly more are ever kept.
  package init(limit: Int = ImageFile.largestFile) { self.limit = limit }

  /// How many bytes wait for more.
  package var waiting: Int { buffer.count - first }

  /// Takes the next bytes of the stream.
  package mutating func add(_ bytes: [UInt8]) {
    if first > 0 {
      buffer.removeSubrange(..<first)
      (place, first) = (place - first, 0)
    }
    buffer += bytes
  }

  /// Takes note that the stream has ended.
  package mutating func finish() { hasEnded = true }

  /// The next image that is complete, or the next problem; nil where more bytes are needed, and at the end.
  package mutating func next() -> Frame? {
    while true {
      let outcome =
        switch step {
        case .between: search()
        case .structure(.jpeg): marker()
        case .structure(.png): chunk()
        case .scan: scan()
        }
      switch outcome {
      case .goesOn: continue
      case .frame(let frame): return frame
      case .needsMore:
        if case .between = step { return hasEnded ? rest() : nil }
        guard hasEnded || buffer.count - first > limit else { return nil }
        return lose(hasEnded ? "is cut off: the stream ends inside it" : "is longer than \(limit) bytes")
      }
    }
  }

  // MARK: between images

  /// A byte of a text, or a zero, with which some cameras fill up.
  private static func isText(_ byte: UInt8) -> Bool {
    (32..<127).contains(byte) || (9...13).contains(byte) || byte == 0
  }

  /// Looks for the beginning of an image.
  private mutating func search() -> Outcome {
    while place < buffer.count {
      let byte = buffer[place]
      if byte == 0xFF || byte == 0x89 {
        let rest = buffer[place...]
        for (kind, sign) in [(Kind.jpeg, Self.start), (.png, Self.signature)] {
          guard rest.starts(with: sign) else {
            if rest.count < sign.count, sign.starts(with: rest) { return told(.needsMore) }
            continue
          }
          let passed = told(.goesOn)
          (first, step, isLost) = (place, .structure(kind), false)
          place += kind == .jpeg ? 2 : sign.count
          return passed
        }
      }
      place += 1
    }
    return told(.needsMore)
  }

  /// Lets go of what lies before the place that has been reached; tells of it once where it is no text.
  private mutating func told(_ outcome: Outcome) -> Outcome {
    let passed = buffer[first..<place]
    guard !isLost, passed.count > Self.longestText || !passed.allSatisfy(Self.isText) else {
      if isLost { first = place }
      return outcome
    }
    (isLost, first) = (true, place)
    return .frame(.problem("is no JPEG or PNG image"))
  }

  /// What is left at the end of the stream; nil where that is nothing, or text alone.
  private mutating func rest() -> Frame? {
    let isTold = isLost || buffer[first...].allSatisfy(Self.isText)
    (first, place) = (buffer.count, buffer.count)
    return isTold ? nil : .problem("is no JPEG or PNG image")
  }

  /// Gives the image up and looks for the next one: from `place` on, behind what could be followed; in a PNG from its
  /// beginning on, as nothing in one looks like that.
  private mutating func lose(_ problem: String) -> Frame {
    if case .structure(.png) = step { place = first + Self.signature.count }
    place = max(place, first + 1)
    (first, step, isLost) = (place, .between, true)
    return .problem(problem)
  }

  /// The image up to `place`.
  private mutating func complete() -> Outcome {
    defer { (first, step) = (place, .between) }
    return .frame(.image(Array(buffer[first..<place])))
  }

  // MARK: JPEG

  /// A marker: the byte 0xFF, perhaps repeated, and a code; behind most of them a segment with its length.
  private mutating func marker() -> Outcome {
    guard place < buffer.count else { return .needsMore }
    guard buffer[place] == 0xFF else { return .frame(lose("is a damaged JPEG: a marker is missing in it")) }
    if place > first + 3, buffer[place - 2] == 0xFF, buffer[place - 1] == 0xD8 {
      place -= 2
      return .frame(lose(Self.anotherInside))
    }
    guard let at = buffer[place...].firstIndex(where: { $0 != 0xFF }) else { return .needsMore }
    switch buffer[at] {
    case 0xD9:
      place = at + 1
      return complete()
    case 0xD8:
      place = at - 1
      return .frame(lose(Self.anotherInside))
    case 0x01, 0xD0...0xD7:
      place = at + 1
      return .goesOn
    case let code:
      guard at + 2 < buffer.count else { return .needsMore }
      let length = Int(buffer[at + 1]) << 8 | Int(buffer[at + 2])
      guard length >= 2, code != 0 else {
        return .frame(lose("is a damaged JPEG: a segment in it has no length"))
      }
      // Only when the next marker is there: where it is not, the length was wrong, and the next image may lie in between.
      let end = at + 1 + length
      guard end < buffer.count else { return .needsMore }
      guard code == 0xDA || buffer[end] == 0xFF else {
        return .frame(lose("is a damaged JPEG: a marker is missing in it"))
      }
      // What applications and comments hold may be an image; what decoders need holds none.
      let holdsImages = (0xE0...0xEF).contains(code) || code == 0xFE
      if !holdsImages, let next = buffer[at..<end + 1].firstRange(of: Self.start) {
        place = next.lowerBound
        return .frame(lose(Self.anotherInside))
      }
      (place, step) = (end, code == 0xDA ? .scan : .structure(.jpeg))
      return .goesOn
    }
  }

  /// Compressed data: 0xFF is followed by 0 where it is one of them, and a restart marker stands by itself.
  private mutating func scan() -> Outcome {
    let start = place
    place = buffer.withUnsafeBufferPointer { bytes in
      var place = start
      while place + 1 < bytes.count {
        let code = bytes[place + 1]
        if bytes[place] == 0xFF, code != 0, code != 0xFF, !(0xD0...0xD7).contains(code) { break }
        place += 1
      }
      return place
    }
    guard place + 1 < buffer.count else { return .needsMore }
    step = .structure(.jpeg)
    return .goesOn
  }

  // MARK: PNG

  /// A chunk: four bytes of length, four letters, the data, four bytes of checksum.
  private mutating func chunk() -> Outcome {
    guard place + 8 <= buffer.count else { return .needsMore }
    if let problem = problem(ofChunkAt: place) { return .frame(lose(problem)) }
    let end = chunkEnd(at: place)
    guard end <= buffer.count else { return .needsMore }
    if holdsSignature(place..<end) { return .frame(lose(Self.anotherInside)) }
    if buffer[place + 4..<place + 8].elementsEqual("IEND".utf8) {
      place = end
      return complete()
    }
    guard end + 8 <= buffer.count else { return .needsMore }
    if buffer[end + 4..<end + 8].elementsEqual("IHDR".utf8) { return .frame(lose(Self.anotherInside)) }
    // Where no chunk follows, a length was wrong, and the next image may lie in between.
    if let problem = problem(ofChunkAt: end) { return .frame(lose(problem)) }
    place = end
    return .goesOn
  }

  /// Whether a PNG begins there: no data look like that by chance.
  private func holdsSignature(_ range: Range<Int>) -> Bool {
    var rest = buffer[range]
    while let start = rest.firstIndex(of: Self.signature[0]) {
      rest = rest[start...]
      if rest.starts(with: Self.signature) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  private func chunkEnd(at place: Int) -> Int {
    place + 12 + buffer[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Why there is no chunk; nil where there is one.
  private func problem(ofChunkAt place: Int) -> String? {
    let isLetter = { (byte: UInt8) in (65...90).contains(byte) || (97...122).contains(byte) }
    guard buffer[place + 4..<place + 8].allSatisfy(isLetter) else {
      return "is a PNG that is cut off or damaged: a chunk in it has no name"
    }
    return chunkEnd(at: place) - first <= limit ? nil : "is longer than \(limit) bytes"
  }
}
