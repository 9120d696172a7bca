import FERCore
@testable import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing

/// Files of which some are torn, and a count of how often each was opened.
private struct Torn: LoadedDataset {
  let samples: [Sample]
  let broken: Set<Int>
  let policy: BadImagePolicy
  let opened = Opened()
  let folder: String

  final class Opened: @unchecked Sendable {
    private let lock = NSLock()
    private var counts: [Int: Int] = [:]
    func add(_ index: Int) { lock.withLock { counts[index, default: 0] += 1 } }
    subscript(index: Int) -> Int { lock.withLock { counts[index, default: 0] } }
  }

  init(count: Int, broken: Set<Int>, upTo share: Double, in folder: String) {
    samples = (0..<count).map { Sample(id: "\($0).png", label: 0) }
    (self.broken, self.folder) = (broken, folder)
    policy = .quarantine(list: folder + "/bad.txt", upTo: share)
  }

  func path(at index: Int) -> String { "\(folder)/data/\(samples[index].id)" }

  func image(at index: Int) throws -> Image {
    opened.add(index)
    if broken.contains(index) { throw DataProblem(path(at: index), "is torn") }
    return Image(width: 2, height: 2, colour: [0, 0, 0])
  }
}

@Suite("Quarantine")
struct QuarantineTests {
  private func read(
    _ data: Torn, workers: Int = 0, _ change: (inout BatchRequest) -> Void = { _ in }
  ) throws -> (indices: [Int], left: [String]) {
    var request = BatchRequest(order: Array(data.samples.indices), batchSize: 3)
    change(&request)
    let loader = BatchLoader(
      data, request, pipeline: InputPipeline(InputOptions()), badImages: data.policy, workers: workers)
    var indices: [Int] = []
    while let batch = try loader.next() { indices += batch.indices }
    return (indices, loader.problems)
  }

  private func list(_ folder: ScratchFolder) -> [String] {
    let text = (try? String(contentsOfFile: folder.path + "/bad.txt", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
  }

  @Test("what several processes find stands in the list, of each image once")
  func severalProcesses() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/bad.txt"
    func problem(_ name: String) -> DataProblem { DataProblem(folder.path + "/" + name, "is torn") }
    var (one, other, silent) = (try QuarantineList(path), try QuarantineList(path), try QuarantineList(path))
    try one.add([problem("a.png")])
    try other.add([problem("b.png"), problem("a.png")])
    try silent.add([problem("d.png")], isWritten: false)
    try one.add([problem("b.png"), problem("c.png")])
    #expect(list(folder) == ["a.png\tis torn", "b.png\tis torn", "c.png\tis torn"])
    #expect(
      other.problem(for: folder.path + "/a.png") != nil && silent.problem(for: folder.path + "/d.png") != nil)
  }

  @Test(
    "a bad image is listed, left out, and not opened again; without its line it gets another chance",
    arguments: [0, 3])
  func keepsAList(workers: Int) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let first = Torn(count: 10, broken: [2, 7], upTo: 0.2, in: folder.path)
    let found = try read(first, workers: workers)
    #expect(found.indices == [0, 1, 3, 4, 5, 6, 8, 9])
    #expect(found.left == ["\(folder.path)/data/2.png: is torn", "\(folder.path)/data/7.png: is torn"])
    #expect(list(folder) == ["data/2.png\tis torn", "data/7.png\tis torn"])

    // The next time they are repaired, but nobody looks; and they do not count: 0 allows no new one.
    let second = Torn(count: 10, broken: [], upTo: 0, in: folder.path)
    let again = try read(second, workers: workers)
    #expect(
      again.indices == found.indices && second.opened[2] == 0 && second.opened[7] == 0
        && second.opened[3] == 1)
    #expect(
      again.left.first == "\(folder.path)/data/2.png: is in quarantine (\(folder.path)/bad.txt): is torn")

    try Data("# mine\n\ndata/7.png\tis torn".utf8).write(to: URL(fileURLWithPath: folder.path + "/bad.txt"))
    let third = Torn(count: 10, broken: [3], upTo: 0.1, in: folder.path)
    #expect(try read(third).indices == [0, 1, 2, 4, 5, 6, 8, 9])
    #expect(list(folder) == ["data/7.png\tis torn", "data/3.png\tis torn"])
  }

  @Test(
    "too many new ones stop the work, also where it was taken up in the middle; they are listed nevertheless")
  func tooMany() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let data = Torn(count: 10, broken: [2, 7], upTo: 0.1, in: folder.path)
    let problem = DataProblem(
      "\(folder.path)/data/7.png", "is torn; with it 2 of 10 images are bad, and skipUpTo allows 10.0 %")
    #expect(throws: problem) { try read(data) }
    #expect(list(folder).count == 2)
    try FileManager.default.removeItem(atPath: folder.path + "/bad.txt")
    #expect(throws: problem) {
      try read(data) {
        $0.firstBatch = 1
        $0.alreadySkipped = [2]
      }
    }
  }

  @Test("a list that cannot be read or written is an error with its name")
  func badList() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try FileManager.default.createDirectory(
      atPath: folder.path + "/bad.txt", withIntermediateDirectories: true)
    let data = Torn(count: 4, broken: [1], upTo: 1, in: folder.path)
    #expect(throws: DataProblem("\(folder.path)/bad.txt", "is a folder, not a file")) { try read(data) }
    var list = try QuarantineList(folder.path + "/none/bad.txt")
    #expect(throws: DataProblem.self) { try list.add([DataProblem("a", "is torn")]) }
  }

  @Test("names with tabs and line ends, files outside the list's folder, and what is empty")
  func names() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let path = folder.path + "/bad.txt"
    var list = try QuarantineList(path)
    let odd = ["\(folder.path)/a\tb\nc\\d.png", "/elsewhere/e.png", "\(folder.path)-beside/f.png"]
    try list.add(odd.map { DataProblem($0, "is torn\nin two") } + [DataProblem("", "nobody")])
    try list.add([DataProblem(odd[0], "again")])
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(
      text.split(separator: "\n").count == 4 && text.contains(#"a\tb\nc\\d.png"#)
        && text.contains("\n/elsewhere/e.png\t"))
    let read = try QuarantineList(path)
    #expect(read.count == 3)
    for name in odd {
      #expect(read.problem(for: name) == DataProblem(name, "is in quarantine (\(path)): is torn"))
    }
    #expect(read.problem(for: folder.path + "/e.png") == nil)
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(try QuarantineList(path).count == 0)
  }

  @Test("class folders: what is no image is found at once, listed, and does not count the next time")
  func classFolders() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    for name in ["a/1.png", "a/2.png", "b/1.png"] { try folder.write(plainPNG(), to: name) }
    try folder.write(Array("<html>".utf8), to: "b/2.png")
    var options = ClassFolders.Options()
    options.root = FilePath(folder.path)
    let dataset = try ClassFolders(options)
    let request = { (share: Double) in
      DataRequest(classes: ["a", "b"], badImages: .quarantine(list: "", upTo: share))
    }
    #expect(throws: DataProblem.self) { try dataset.load(request(0.1)) }
    let loaded = try dataset.load(request(0.25))
    let policy = request(0.25).badImagePolicy(in: loaded.folder)
    #expect(
      loaded.samples.count == 3
        && policy == .quarantine(list: folder.path + "/quarantine.txt", upTo: 0.25))
    var list = try #require(try policy.quarantineList())
    try list.add(loaded.leftOut)
    #expect(try dataset.load(request(0)).samples.count == 3)
  }
}
