import FERCore
import FERData
import FERTraining
import Foundation
import Support

/// When frames that may come for ever are enough: after a time, after a number, or when a signal asks to end.
struct FrameLimit {
  private let seconds: Double
  private var end = Double.infinity
  private var left: Int

  /// - Parameter seconds: from ``begin()`` on.
  init(seconds: Double? = nil, frames: Int? = nil) {
    self.seconds = seconds ?? .infinity
    left = frames ?? .max
  }

  /// The time begins with the first call.
  mutating func begin() { if end == .infinity { end = Clock.seconds + seconds } }

  var isReached: Bool { left <= 0 || StopSignal.received != nil || Clock.seconds >= end }

  /// Milliseconds that may be waited before it is looked at again.
  var wait: Int32 { Int32(max(0, min(100, (end - Clock.seconds) * 1000))) }

  /// Notes that so many frames were taken.
  mutating func take(_ count: Int = 1) { left -= count }
  /// At most so many of `count` may be taken.
  func share(of count: Int) -> Int { min(count, max(0, left)) }
}

/// The frames of a film or a camera: JPEG or PNG images one behind another on standard input.
struct StreamedFrames: ImageSource {
  /// The longest image; of no more than that and the images of one group is ever kept.
  static let longestFrame = 64 << 20

  let total: Int? = nil
  let mayBeEmpty = false
  private let descriptor: Int32
  private var splitter = FrameSplitter(limit: longestFrame)
  private var limit: FrameLimit
  private var number = 0
  private var hasEnded = false

  init(_ descriptor: Int32 = STDIN_FILENO, until limit: FrameLimit) {
    (self.descriptor, self.limit) = (descriptor, limit)
  }

  mutating func takeRemarks() -> [String] { [] }

  mutating func next(upTo count: Int) -> [ImageQueue.Item] {
    var (items, bytes) = ([ImageQueue.Item](), 0)
    limit.begin()
    while items.count < count, bytes < Self.longestFrame, !limit.isReached {
      if let frame = splitter.next() {
        number += 1
        limit.take()
        switch frame {
        case .image(let image):
          bytes += image.count
          items.append(.bytes(image, name: "frame \(number)"))
        case .problem(let problem): items.append(.problem(DataProblem("frame \(number)", problem)))
        }
        continue
      }
      // Who made the frames may wait for an answer.
      let isReady = hasEnded || Descriptor.isReady(descriptor, within: items.isEmpty ? limit.wait : 0)
      if hasEnded || (!isReady && !items.isEmpty) { break }
      if isReady { items += fill() }
    }
    return items
  }

  /// Reads what is there.
  /// - Returns: the problem where that fails.
  private mutating func fill() -> [ImageQueue.Item] {
    var failure: Int32 = 0
    let piece = Descriptor.read(descriptor, atMost: 1 << 16, failure: &failure)
    splitter.add(piece)
    if piece.isEmpty {
      hasEnded = true
      splitter.finish()
    }
    guard failure != 0 else { return [] }
    return [.problem(DataProblem(AtomicFile.problem(ImageQueue.inputName, "read", failure)))]
  }
}

/// Images in a folder as they appear there.
struct WatchedFolder: ImageSource {
  let total: Int? = nil
  let mayBeEmpty = true
  private let folder: String
  private let watch: FolderWatch
  private var limit: FrameLimit
  private var waiting: ArraySlice<String> = []
  private var remarks: [String] = []
  private var hasGone = false

  /// Begins to watch at once.
  /// - Throws: a `FileProblem` where there is no such folder.
  init(_ folder: String, until limit: FrameLimit) throws {
    (self.folder, self.limit) = (folder, limit)
    watch = try FolderWatch(folder)
  }

  mutating func takeRemarks() -> [String] {
    defer { remarks = [] }
    return remarks
  }

  mutating func next(upTo count: Int) -> [ImageQueue.Item] {
    limit.begin()
    while waiting.isEmpty, !hasGone, !limit.isReached {
      do throws(FileProblem) {
        let news = try watch.news(within: limit.wait)
        waiting = news.names.filter(Self.isImage)[...]
        if news.hasGap {
          remarks.append(
            "warning: \(folder.printable): files came faster than they could be looked at, and some were missed"
          )
        }
      } catch {
        hasGone = true
        return [.problem(DataProblem(error.path, error.message, isRequest: false))]
      }
    }
    guard !limit.isReached else { return [] }
    let names = waiting.prefix(limit.share(of: count))
    waiting = waiting.dropFirst(names.count)
    limit.take(names.count)
    return names.map { .file(PathText.start(in: folder) + $0) }
  }

  /// By its name: what is still being written often has another one.
  private static func isImage(_ name: String) -> Bool {
    !name.hasPrefix(".") && ImageSearch.endings.contains(PathText.ending(of: name))
  }
}
