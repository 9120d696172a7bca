import Foundation
import Support
import TestSupport
import Testing

@Suite("Watching a folder")
struct FolderWatchTests {
  private let folder = TestFolder()

  /// What the watch tells within two seconds, up to so many names.
  private func names(_ watch: FolderWatch, _ count: Int) throws -> [String] {
    var found: [String] = []
    let end = Clock.seconds + 2
    while found.count < count, Clock.seconds < end { found += try watch.news(within: 50).names }
    return found
  }

  @Test("files are told once they are closed or moved there, and not before")
  func complete() throws {
    // No file that was just written: a process that another test starts at that moment would close it once more.
    try FileManager.default.createSymbolicLink(at: folder.url("old"), withDestinationURL: folder.url("none"))
    let watch = try FolderWatch(folder.path)
    try Data([1]).write(to: folder.url("whole"))
    let descriptor = Descriptor.open(folder / "growing", O_CREAT | O_WRONLY)
    #expect(Descriptor.write("half", to: descriptor) == 0)
    #expect(try names(watch, 1) == ["whole"])
    #expect(try watch.news(within: 20).names == [])
    close(descriptor)
    #expect(try names(watch, 1) == ["growing"])
    let other = TestFolder()
    try Data([1]).write(to: other.url("moved"))
    try FileManager.default.moveItem(at: other.url("moved"), to: folder.url("moved \u{e9}"))
    try FileManager.default.createDirectory(at: folder.url("below"), withIntermediateDirectories: false)
    #expect(try names(watch, 1) == ["moved \u{e9}"])
    #expect(try watch.news(within: 20).names == [])
  }

  @Test("a folder that is not there, is a file or goes away is told of")
  func gone() throws {
    #expect(throws: FileProblem.self) { try FolderWatch(folder / "absent") }
    #expect(throws: FileProblem.self) { try FolderWatch(try folder.file([1])) }
    try FileManager.default.createDirectory(at: folder.url("in"), withIntermediateDirectories: false)
    let watch = try FolderWatch(folder / "in")
    try FileManager.default.removeItem(at: folder.url("in"))
    #expect {
      _ = try names(watch, 1)
    } throws: {
      "\($0)".hasSuffix("in: is no longer there: the folder was removed, renamed or unmounted")
    }
  }
}
