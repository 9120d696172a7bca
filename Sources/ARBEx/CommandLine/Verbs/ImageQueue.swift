import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import Support

/// Where the images of a command line come from, one after another.
protocol ImageSource {
  /// How many there are; nil where nobody knows yet.
  var total: Int? { get }
  /// Whether it is no mistake where there are none.
  var mayBeEmpty: Bool { get }
  /// The next images, at least one where there is one left; it waits for no more than that.
  mutating func next(upTo count: Int) -> [ImageQueue.Item]
  /// What was passed over, in sentences; each is told once.
  mutating func takeRemarks() -> [String]
}

/// The images that a command line names, one after another: files, folders, patterns, and for `-` what comes on
/// standard input, a list of paths or one image.
struct ImageQueue: ImageSource {
  /// One image, or why there is none.
  enum Item {
    case file(String)
    case bytes([UInt8], name: String)
    case problem(DataProblem)
  }

  /// How standard input is called where it is an image itself.
  static let inputName = "standard input"

  /// How many images there are; nil while a list on standard input may go on.
  let total: Int?
  let mayBeEmpty = false
  private var waiting: ArraySlice<Item?>
  private var input: InputLines
  private var remarks: [String]

  /// Looks into folders and patterns, and reads nothing else yet.
  /// - Parameter input: the file that `-` stands for.
  init(_ words: [String], input: Int32 = STDIN_FILENO) {
    var (items, remarks) = ([Item?](), [String]())
    func take(_ found: ImageSearch.Found) -> [Item] {
      remarks += found.remarks
      return found.items
    }
    for word in words {
      do throws(DataProblem) {
        if word == "-" { items.append(nil) } else { items += take(try ImageSearch.files(named: word)) }
      } catch {
        items.append(.problem(error))
      }
    }
    waiting = items[...]
    total = words.contains("-") ? nil : items.count
    self.input = InputLines(input)
    self.remarks = remarks
  }

  /// The files that are known already, before any list on standard input.
  var fileNames: [String] {
    waiting.compactMap { item in
      if case .file(let path)? = item { return path }
      return nil
    }
  }

  mutating func takeRemarks() -> [String] {
    defer { (remarks, input.remarks) = ([], []) }
    return remarks + input.remarks
  }

  /// The next images, at least one where there is one left. It does not wait for a list on standard input to fill
  /// them up: who writes it may wait for an answer.
  mutating func next(upTo count: Int) -> [Item] {
    var items: [Item] = []
    while items.count < count, let first = waiting.first {
      if let item = first {
        items.append(item)
        waiting.removeFirst()
      } else if !items.isEmpty && !input.isReady {
        break
      } else if let found = input.next() {
        items += found
      } else {
        waiting.removeFirst()
      }
    }
    return items
  }
}

extension ImageSearch.Found {
  /// The files, then what could not be looked into.
  fileprivate var items: [ImageQueue.Item] { files.map { .file($0) } + problems.map { .problem($0) } }
}

/// Standard input, line by line.
private struct InputLines {
  /// The longest line that can be a path.
  private static let longestLine = 64 << 10

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  private var hasBegun = false
  private var hasEnded = false
  private var failure: Int32 = 0
  /// What was passed over in folders.
  var remarks: [String] = []

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Whether ``next()`` will answer at once.
  var isReady: Bool {
    hasEnded || buffer[start...].contains(10) || Descriptor.isReady(descriptor)
  }

  /// What the next line names; nil at the end.
  mutating func next() -> [ImageQueue.Item]? {
    if !hasBegun {
      hasBegun = true
      // No more than that: the next line may be a long time in coming.
      while ImageFile.isImage(buffer) == nil, fill() {}
      if ImageFile.isImage(buffer) == true { return [image()] }
    }
    while true {
      if let end = buffer[start...].firstIndex(of: 10) {
        defer { start = end + 1 }
        guard let items = items(buffer[start..<end]) else {
          start = end + 1
          continue
        }
        return items
      }
      if buffer.count - start > Self.longestLine {
        (buffer, start, hasEnded) = ([], 0, true)
        return [
          .problem(DataProblem(ImageQueue.inputName, "is neither an image nor a list of paths, one a line"))
        ]
      }
      if !fill() {
        if let problem = takeFailure() { return [problem] }
        defer { (buffer, start) = ([], 0) }
        return buffer.count > start ? items(buffer[start...]) : nil
      }
    }
  }

  /// The images of a line; nil for an empty one.
  private mutating func items(_ line: ArraySlice<UInt8>) -> [ImageQueue.Item]? {
    let path = FileName.text(line.last == 13 ? line.dropLast() : line)
    guard !path.isEmpty else { return nil }
    do throws(DataProblem) {
      guard let found = try ImageSearch.images(inFolder: path) else { return [.file(path)] }
      remarks += found.remarks
      return found.items
    } catch {
      return [.problem(error)]
    }
  }

  /// All that comes, as one image.
  private mutating func image() -> ImageQueue.Item {
    while buffer.count <= ImageFile.largestFile, fill() {}
    defer { (buffer, hasEnded) = ([], true) }
    if let problem = takeFailure() { return problem }
    guard buffer.count <= ImageFile.largestFile else {
      return .problem(
        DataProblem(
          ImageQueue.inputName, "is too long; at most \(ImageFile.largestFile) bytes are read as an image"))
    }
    tellOfMore()
    return .bytes(buffer, name: ImageQueue.inputName)
  }

  /// Says so where other images follow the first.
  private mutating func tellOfMore() {
    var frames = FrameSplitter()
    frames.add(buffer)
    guard case .image? = frames.next(), case .image? = frames.next() else { return }
    remarks.append(
      "\(ImageQueue.inputName): more images follow the first and were not looked at; `predict --stream` takes each for a frame"
    )
  }

  /// Reads what is there, or waits for it. False at the end.
  private mutating func fill() -> Bool {
    guard !hasEnded else { return false }
    if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    let piece = Descriptor.read(descriptor, atMost: 1 << 16, failure: &failure)
    buffer += piece
    hasEnded = piece.isEmpty
    return !hasEnded
  }

  /// Why there is nothing more to read where it is not the end; told once. What was read of a line is let go.
  private mutating func takeFailure() -> ImageQueue.Item? {
    guard failure != 0 else { return nil }
    defer { (buffer, start, failure) = ([], 0, 0) }
    return .problem(DataProblem(AtomicFile.problem(ImageQueue.inputName, "read", failure)))
  }
}
