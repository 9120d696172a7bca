import FERTools
import Foundation
import TestSupport
import Testing

@testable import ARBEx

@Suite("predict: films and folders that fill up", .serialized)
struct FrameVerbTests {
  private let folder = TestFolder()

  /// A run that nobody has trained, and pictures `0.png`, `1.png`, `2.jpg`, of which the last is none.
  init() throws {
    let recipe = try Recipe.load(
      path: ShippedRecipe.path("quickstart"), overrides: ["model.backbone.widths=[8,8,8,8]"],
      registry: try Registry.builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: folder / "run")
    for index in 0..<2 {
      try Data(try ImageFile.encodePNG(Bars.picture(index))).write(to: folder.url("\(index).png"))
    }
    try Data("no image".utf8).write(to: folder.url("2.jpg"))
  }

  private func objects(_ output: String) throws -> [[String: Any]] {
    try output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// N = 1: of a new frame 1 − e⁻¹ = 0.632121 counts; two frames on, past the one that could not be read, it begins anew.
  @Test("a stream: a line for each frame, damaged ones too, smoothed beside its own")
  func stream() throws {
    let result = try ProgramRun.shell(
      """
      { cat 0.png 1.png; head -c 60 0.png; cat 1.png; } | "$arbex" predict run --stream --smooth 1; echo $? >&2
      cat 0.png 1.png | "$arbex" predict run --lines; cat 0.png 1.png | "$arbex" predict run - --lines
      "$arbex" predict run 0.png 1.png --lines
      """, in: folder)
    let rows = try objects(result.output)
    try #require(rows.count == 4 + 1 + 2, "\(result.remarks)")
    #expect(rows.prefix(4).map { $0["image"] as? String } == (1...4).map { "frame \($0)" })
    #expect(rows[2]["problem"] as? String == "is cut off: another image begins inside it")
    #expect(result.remarks.contains("\n1\n"), "some failed")
    let (first, second) = (
      try #require(rows[5]["final"] as? [Double]), try #require(rows[6]["final"] as? [Double])
    )
    #expect(rows[0]["final"] as? [Double] == first && rows[0]["unsmoothed"] as? [Double] == first)
    #expect(rows[1]["unsmoothed"] as? [Double] == second && rows[3]["final"] as? [Double] == second)
    let mixed = try #require(rows[1]["final"] as? [Double])
    for (found, pair) in zip(mixed, zip(first, second)) {
      #expect(abs(found - (pair.0 * 0.367_879 + pair.1 * 0.632_121)) < 1e-5)
    }
    // Without --stream, standard input is one image.
    #expect(rows[4]["image"] as? String == "standard input" && rows[4]["final"] as? [Double] == first)
    #expect(result.remarks.contains("standard input: more images follow the first and were not looked at"))
    #expect(result.remarks.contains("\"predict\" needs IMAGE"))
  }

  @Test("a stream that nobody can read, that is none, or of which enough was seen")
  func streamEnds() throws {
    let result = try ProgramRun.shell(
      """
      "$arbex" predict run --stream < /dev/null; echo $?
      head -c 5000 /dev/zero | tr '\\0' '\\377' | "$arbex" predict run --stream > told; echo $? $(grep -c problem told)
      "$arbex" predict run --stream < . > told; echo $? $(grep -c folder told)
      yes | head -c 100000 | cat 0.png - 1.png 0.png | "$arbex" predict run --stream --frames 3 --csv > told; echo $? $(grep -c frame told)
      { cat 0.png; sleep 2; } | "$arbex" predict run --stream --for 1 > told; echo $? $(grep -c frame told)
      """, in: folder)
    #expect(result.output == "2\n2 1\n2 1\n1 2\n0 1\n", "\(result.remarks)")
    #expect(result.remarks.contains("there are no images to look at"))
    #expect(result.remarks.contains("standard input: cannot be read: it is a folder"))
  }

  @Test("who writes frames may wait for each answer")
  func answersAtOnce() throws {
    let pipe = Pipe()
    var source = StreamedFrames(pipe.fileHandleForReading.fileDescriptor, until: FrameLimit())
    for index in 0..<2 {
      let file = try Data(contentsOf: folder.url("\(index).png"))
      try pipe.fileHandleForWriting.write(contentsOf: file)
      guard case .bytes(let bytes, let name)? = source.next(upTo: 16).first else {
        Issue.record("frame \(index) did not come"); return
      }
      #expect(bytes == [UInt8](file) && name == "frame \(index + 1)")
    }
    try pipe.fileHandleForWriting.close()
    #expect(source.next(upTo: 16).isEmpty)
  }

  @Test("a folder: images as they are complete, whatever else is written there; a signal ends it whole")
  func watch() throws {
    let result = try ProgramRun.shell(
      """
      mkdir in; cp 0.png in/old.png
      watching() { until grep -qs 'watching in' told; do sleep 0.1; done; }
      "$arbex" predict run --watch in --frames 3 > out 2> told & watching
      cp 0.png in/0.png.part; mv in/0.png.part in/0.png; cp 2.jpg in/; cp 1.png in/.hidden.png; echo x > in/note.txt
      cp 1.png in/1.png; wait $!; echo $?
      rm told; "$arbex" predict run --watch in/ --json > whole 2> told & watching
      cp 0.png in/3.png; until grep -q 3.png whole; do sleep 0.1; done; kill -TERM $!; wait $!; echo $?
      "$arbex" predict run --watch in --for 0.2 > nothing; echo $? $(wc -c < nothing)
      rm told; "$arbex" predict run --watch in > none 2> told & watching
      rm -r in; wait $!; echo $?; tail -1 told >&2
      cat out
      """, in: folder)
    let lines = result.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 7, "\(result.output) \(result.remarks)")
    #expect(lines.prefix(4) == ["1", "143", "0 0", "1"])
    let rows = try objects(lines.dropFirst(4).joined(separator: "\n"))
    #expect(rows.map { $0["image"] as? String } == ["in/0.png", "in/2.jpg", "in/1.png"])
    #expect((rows[1]["problem"] as? String)?.hasPrefix("is not an image") == true)
    let whole = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: folder.url("whole"))) as? [String: Any])
    #expect((whole["predictions"] as? [[String: Any]])?.map { $0["image"] as? String } == ["in/3.png"])
  }

  @Test("flags that do not go together, and numbers out of range")
  func refused() {
    let run = folder / "run"
    for (words, message) in [
      (["--stream", "a.png"], "--stream takes no other images, was given \"a.png\""),
      (["--watch", folder.path, "-"], "--watch takes no other images, was given \"-\""),
      (["--watch", folder.path, "--stream"], "--stream and --watch do not go together"),
      (["a.png", "--frames", "3"], "--frames goes with --watch or --stream"),
      (["--stream", "--for", "0"], "--for needs a number from 0.001 to"),
      (["a.png", "--smooth", "nan"], "--smooth needs a number from 0.01 to"),
      (["--watch", folder / "absent"], "absent: cannot be watched"),
      ([], "\"predict\" needs IMAGE"),
    ] {
      let answer = Answer(["predict", run] + words)
      #expect(answer.code == 2 && answer.remarks.contains(message), "\(answer.remarks)")
    }
  }
}
