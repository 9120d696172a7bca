@testable import ARBEx
import FERData
import FERTraining
import Foundation
import TestSupport
import Testing

@Suite("predict: what it takes and what it tells", .serialized)
final class PredictVerbTests {
  private let folder = NSTemporaryDirectory() + "arbex-predict-\(UUID().uuidString)"
  private var run: String { folder + "/run" }
  private static let recipePath = ShippedRecipe.path("quickstart")

  /// A run that nobody has trained, and pictures: faces/1.png, faces/deep/2.png, faces/bad.jpg.
  init() throws {
    try FileManager.default.createDirectory(atPath: folder + "/faces/deep", withIntermediateDirectories: true)
    let recipe = try Recipe.load(path: Self.recipePath, registry: try .builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: run)
    for (index, name) in ["1.png", "deep/2.png"].enumerated() {
      try ImageFile.writePNG(Bars.picture(index), path: "\(folder)/faces/\(name)")
    }
    try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/faces/bad.jpg"))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func predict(_ arguments: String...) -> (code: Int32, out: [String], remarks: String) {
    let answer = Answer(["predict"] + arguments)
    return (answer.code, answer.printed, answer.remarked.joined(separator: "\n"))
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("folders and patterns; what cannot be read is named and counted, the rest is told")
  func namesAndCounts() throws {
    let all = predict(run, folder + "/faces", "--lines")
    #expect(all.code == 1)
    let rows = try all.out.map(object)
    #expect(
      rows.map { $0["image"] as? String }
        == ["1.png", "bad.jpg", "deep/2.png"].map { "\(folder)/faces/\($0)" })
    #expect((rows[1]["problem"] as? String)?.hasPrefix("is not an image") == true)
    #expect((rows[0]["classes"] as? [String])?.count == 7 && (rows[0]["final"] as? [Double])?.count == 7)
    #expect(all.remarks.contains("faces/bad.jpg: is not an image: it starts with the text"))
    #expect(all.remarks.hasSuffix("1 of 3 images could not be used"))

    let pattern = predict(run, folder + "/fac?s/**/*.png", "--json")
    #expect(pattern.code == 0 && pattern.remarks.isEmpty, "\(pattern.remarks)")
    let json = try object(pattern.out.joined(separator: "\n"))
    #expect((json["predictions"] as? [Any])?.count == 2 && (json["unreadable"] as? [Any])?.isEmpty == true)
    // The same numbers, whatever stands beside an image.
    let alone = try object(predict(run, folder + "/faces/1.png", "--lines").out[0])
    #expect(alone["final"] as? [Double] == rows[0]["final"] as? [Double])

    let nothing = predict(
      run, folder + "/*.bmp", folder + "/absent.png", folder + "/run/checkpoints", "--json")
    #expect(nothing.code == 2 && nothing.remarks.contains("*.bmp: matches no file"))
    #expect(nothing.remarks.contains("absent.png: cannot be opened: it does not exist"))
    #expect(nothing.remarks.contains("checkpoints: holds no images; it holds 1 .safetensors"))
    #expect((try object(nothing.out.joined(separator: "\n"))["unreadable"] as? [Any])?.count == 3)
  }

  @Test("abstaining leaves all numbers; --top and --csv")
  func forms() throws {
    let face = folder + "/faces/1.png"
    let unsure = try object(predict(run, face, "--lines", "--abstain-below", "1", "--top", "2").out[0])
    #expect(unsure["class"] as? String == "abstained" && unsure["abstained"] as? Bool == true)
    #expect((unsure["primary"] as? [Double])?.count == 7 && (unsure["terms"] as? [String: Any])?.count == 2)
    let top = try #require(unsure["top"] as? [[String: Any]])
    let final = try #require(unsure["final"] as? [Double])
    #expect(top.map { $0["probability"] as? Double } == final.sorted(by: >).prefix(2).map { $0 })
    let sure = try object(predict(run, face, "--lines", "--abstain-below=0").out[0])
    #expect(sure["class"] as? String == top[0]["class"] as? String && sure["abstained"] as? Bool == false)

    let table = predict(run, face, "--csv").out
    #expect(
      table.count == 2
        && table.allSatisfy { $0.split(separator: ",").count == 3 + 4 * 7 && $0.hasSuffix("\r") })
    #expect(table[0].hasPrefix("image,class,confidence,primary neutral,"))

    for wrong in [
      ["--abstain-below", "1.5"], ["--abstain-below", "nan"], ["--top", "0"], ["--json", "--csv"],
    ] {
      #expect(
        CommandLineTool.run(
          ["predict", run, face] + wrong, output: CommandOutput(print: { _ in }, remark: { _ in })) == 2)
    }
  }

  @Test("pictures: one, or an error before any work")
  func pictures() throws {
    let picture = folder + "/out.png"
    #expect(predict(run, folder + "/faces", "--picture", picture).code == 1)
    let shown = try ImageFile.decode(path: picture)
    #expect(shown.width > 300 && shown.height > 300)
    #expect(
      predict(run, folder + "/faces", "--picture", folder + "/out.jpg").remarks.contains("must end in .png"))
    #expect(predict(run, folder + "/faces", "--picture", folder + "/none/out.png").code == 2)
  }

  /// Two poolings: of 144 patches 118 survive one, 106 of them the other. The shares sum to (118 + 106) / 2.
  @Test("evidence: a map in JSON, none in a table, and over the face in a picture")
  func evidence() throws {
    let small =
      URL(fileURLWithPath: Self.recipePath).deletingLastPathComponent().path + "/fer2013/apvit.json5"
    let recipe = try Recipe.load(
      path: small, overrides: ["model.encoder.depth=1", "model.encoder.tokenRates=[0.9]"],
      registry: try .builtins())
    let (run, face) = (folder + "/pooling", folder + "/faces/1.png")
    try StartBenchmark.writeUntrainedRun(recipe, to: run)
    let told = try object(predict(run, face, "--lines").out[0])
    let map = try #require((told["evidence"] as? [String: Any])?["kept-patches"] as? [[Double]])
    #expect(map.count == 12 && map.allSatisfy { $0.count == 12 && $0.allSatisfy([0, 0.5, 1].contains) })
    #expect(map.joined().reduce(0, +) == 112)
    let table = predict(run, face, "--csv").out
    #expect(table.allSatisfy { $0.split(separator: ",").count == 3 + 2 * 7 })
    let picture = folder + "/evidence.png"
    #expect(predict(run, face, "--picture", picture).code == 0)
    let shown = try ImageFile.decode(path: picture)
    // Two faces with padding between, and more than one column of bars.
    #expect(shown.width > 2 * 2 * (156 + 18) + 2 * 148)
  }

  @Test(
    "the preprocessing and the class names of the weights count, and where the recipe differs that is said")
  func replays() throws {
    let face = folder + "/faces/1.png"
    let before = try object(predict(run, face, "--lines").out[0])
    let changed = predict(
      run, face, "--lines", "--set", "input.size=96", "--set", "input.normalize=imagenet", "--set",
      "input.antialias=false",
      "--set", #"classes=["anger", "happy", "sad", "surprise", "fear", "disgust", "neutral"]"#)
    #expect(changed.code == 0, "\(changed.remarks)")
    let after = try object(changed.out[0])
    #expect(after["final"] as? [Double] == before["final"] as? [Double])
    #expect(after["class"] as? String == before["class"] as? String)
    #expect(after["classes"] as? [String] == before["classes"] as? [String])
    let told = changed.remarks.split(separator: "\n")
    #expect(
      told.count == 4
        && told.allSatisfy { $0.hasPrefix("warning: \(run)/checkpoints/best.safetensors: was trained ") })
    #expect(changed.remarks.contains("input.size 64, the recipe says 96; that of the file counts"))
    #expect(changed.remarks.contains("input.antialias true, the recipe says false"))
    let fewer = predict(run, face, "--set", #"classes=["a", "b"]"#)
    #expect(
      fewer.code == 2 && fewer.remarks.contains("was trained for the classes neutral, happy"),
      "\(fewer.remarks)")
    let small = predict(run, face, "--set", "data.pixelLimit=1000")
    #expect(
      small.code == 2
        && small.remarks.contains("states a size of 32x32 pixels; at most 32768 a side and 1000 in all"))
  }

  /// What `-` stands for, through a pipe.
  private func queue(_ content: [UInt8]) throws -> ImageQueue {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(content))
    try pipe.fileHandleForWriting.close()
    input = pipe
    return ImageQueue(["-"], input: pipe.fileHandleForReading.fileDescriptor)
  }
  private var input: Pipe?

  private func told(_ queue: ImageQueue) -> [String] {
    var (queue, texts) = (queue, [String]())
    while true {
      let items = queue.next(upTo: 2)
      if items.isEmpty { return texts }
      texts += items.map {
        switch $0 {
        case .file(let path): path
        case .bytes(let bytes, _): "\(bytes.count) bytes"
        case .problem(let problem): "\(problem)"
        }
      }
    }
  }

  @Test("standard input: paths in lines, a folder among them, or an image itself")
  func standardInput() throws {
    let text = "a.png\r\n\n b c.jpg \n\(folder)/faces/deep\nlast.png"
    #expect(
      told(try queue(Array(text.utf8))) == ["a.png", " b c.jpg ", "\(folder)/faces/deep/2.png", "last.png"])
    let image = try Data(contentsOf: URL(fileURLWithPath: folder + "/faces/1.png"))
    #expect(told(try queue(Array(image))) == ["\(image.count) bytes"])
    #expect(told(try queue([])) == [])
    let long = Array(repeating: UInt8(0), count: 66 << 10)
    #expect(throws: Never.self) {
      let queue = try self.queue(Array(long.prefix(60_000)))
      #expect(told(queue).count == 1)
    }
  }

  @Test("who writes a list may wait for each answer")
  func answersAtOnce() throws {
    let pipe = Pipe()
    var queue = ImageQueue(["-"], input: pipe.fileHandleForReading.fileDescriptor)
    for name in ["first.png", "second.png"] {
      try pipe.fileHandleForWriting.write(contentsOf: Data((name + "\n").utf8))
      guard case .file(name)? = queue.next(upTo: 16).first else {
        Issue.record("\(name) did not come"); return
      }
    }
    try pipe.fileHandleForWriting.close()
    #expect(queue.next(upTo: 16).isEmpty)
  }
}
