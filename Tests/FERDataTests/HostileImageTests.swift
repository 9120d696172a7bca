import FERCore
@testable import FERData
import Foundation
import Testing

@Suite("Hostile images", .serialized)
struct HostileImageTests {
  /// Seconds that this thread has worked; other suites run beside it.
  private var ownTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The size of the picture, or the sentence without the name.
  private func outcome(_ hostile: HostileImage) -> String {
    // `make sanitize` sets these options: a sanitizer makes everything several times as slow.
    let limit = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil ? 2.0 : 10
    let start = ownTime
    defer { #expect(ownTime - start < limit, "\(hostile.name)") }
    do {
      let image = try ImageFile.decode(hostile.bytes, name: hostile.name)
      #expect(
        image.width > 0 && image.height > 0 && image.width * image.height <= 64 << 20, "\(hostile.name)")
      return "\(image.width)x\(image.height)"
    } catch {
      let sentence = "\(error)"
      #expect(
        sentence.hasPrefix(hostile.name + ": ") && sentence.count > hostile.name.count + 12, "\(sentence)")
      #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 32 } && sentence.count < 400, "\(sentence)")
      return error.message
    }
  }

  /// With `ARBEX_HOSTILE_FOLDER` set the files are written there, for trying other programs on them.
  @Test(
    "each is decoded or refused within two seconds, in a sentence that names it; what little data unfold to is bounded"
  )
  func corpus() throws {
    let images = try HostileImages.all()
    #expect(images.count >= 9_000)
    let outcomes = Dictionary(images.map { ($0.name, outcome($0)) }) { first, second in
      Issue.record("two files of one name")
      return first + second
    }
    // Most are refused; the others are pictures whose damage does not show.
    #expect(outcomes.values.count { $0.contains(" ") } > images.count / 2)

    let whole = [
      "bomb-largest.png", "bomb-largest-interlaced.png", "bomb-deflate.tiff", "bomb-deflate16.tiff",
      "bomb-packbits.tiff",
      "bomb-plain.jpg", "bomb-14scans-8192.jpg",
    ]
    for name in whole { #expect(outcomes[name] == "8192x8192", "\(name): \(outcomes[name] ?? "")") }
    for name in ["text", "unicode", "profile", "many-texts"] {
      #expect(outcomes["bomb-\(name).png"] == "1x1", "\(name)")
    }
    #expect(outcomes["bomb-250scans-1024.jpg"] == "1024x1024")
    #expect(outcomes["bomb-250scans-8192.jpg"] == "has more than 16 progressive scans")
    #expect(outcomes["bomb-3000scans-8.jpg"] == "has more than 256 progressive scans")
    #expect(
      outcomes["bomb-tile.tiff"]
        == "is stored in pieces of 67108864 bytes, too many for a picture of 16 pixels")
    #expect(
      outcomes["bomb-huge.tiff"]
        == "states a size of 40000x40000 pixels; at most 32768 a side and 67108864 in all are read")

    guard let folder = ProcessInfo.processInfo.environment["ARBEX_HOSTILE_FOLDER"] else { return }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for hostile in images {
      try Data(hostile.bytes).write(to: URL(fileURLWithPath: "\(folder)/\(hostile.name)"))
    }
  }
}
