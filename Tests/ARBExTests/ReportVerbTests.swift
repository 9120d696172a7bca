import ARBEx
import FERCore
import FERData
import Foundation
import TestSupport
import Testing

@Suite("report from the command line", .serialized)
final class ReportVerbTests {
  private let folder = TestFolder()
  private let recipe = ShippedRecipe.path("quickstart")
  private let small = [
    "data.train={ use: \"bars\", count: 24 }", "data.validation={ use: \"bars\", count: 8 }",
    "input.augment=[]", "training.epochs=2", "training.batch=8", "training.logSteps=1",
  ]

  private func arbex(_ arguments: [String], set changes: [String] = []) -> Answer {
    Answer(arguments + changes.flatMap { ["--set", $0] }, plugins: [BarsPlugin.self])
  }

  private func train(_ name: String, _ more: String...) -> Answer {
    arbex(["train", recipe, "--out", folder / name] + more, set: small)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: folder.url(name), encoding: .utf8)
  }

  /// The numbers of one set of images come out alike, whoever asks for them.
  @Test("train, eval and report write the same page, but for what report alone looks at")
  func same() throws {
    let trained = train("run")
    #expect(trained.code == 0, "\(trained.remarks)")
    #expect(trained.output.contains("best epoch: ") && trained.output.contains("of 2, accuracy "))
    // The end of a run is noted once more after its report.
    let timeless = { (page: String) in page.replacing(/<dt>trained<\/dt><dd>[^<]*</, with: "") }
    let first = timeless(try text("run/report.html"))
    let evaluated = arbex(["eval", folder / "run"])
    #expect(evaluated.remarks.contains("weights: \(folder / "run")/checkpoints/best.safetensors"))
    #expect(timeless(try text("run/report.html")) == first)

    let answer = arbex(["report", folder / "run"])
    #expect(
      answer.code == 0 && answer.output == "written: \(folder / "run")/report.html\n", "\(answer.remarks)")
    let page = try text("run/report.html")
    for part in ["Scores", "Training", "What balancing did", "Confusion", "Each class", "Embeddings"] {
      #expect(first.contains(">\(part)</h2>") && page.contains(">\(part)</h2>"), "\(part)")
    }
    #expect(!first.contains(">Images of fewer pixels</h2>") && page.contains(">Images of fewer pixels</h2>"))
    // What run it is: its folder, what was changed in which file, the seed, the weights' digest.
    for fact in [
      folder / "run", "quickstart, from \(recipe)", "training.epochs: was ", "<dt>seed</dt><dd>1</dd>",
      "8 images of the validation set", "chosen on the validation set by final accuracy",
    ] { #expect(page.contains(fact), "\(fact)") }
    let digest = try #require(page.firstMatch(of: /SHA-256 of them<\/dt><dd>([0-9a-f]{64})</)).1
    let weights = folder / "run/checkpoints/best.safetensors"
    let sum = Process()
    sum.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    sum.arguments = ["sha256sum", weights]
    let pipe = Pipe()
    sum.standardOutput = pipe
    try sum.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(output.hasPrefix(digest))
    #expect(
      page.contains("<summary>The recipe, with every value</summary>") && page.contains("openBLASKernel"))

    let files = try FileManager.default.contentsOfDirectory(atPath: folder / "run/report")
    for name in [
      "accuracy", "loss", "loss-nll", "learning-rate", "confusion-primary", "confusion-corrected",
      "embeddings",
    ] { #expect(files.contains(name + ".svg") && files.contains(name + ".csv"), "\(name)") }
    for name in ["scores", "each-class", "images-of-fewer-pixels", "this-run"] {
      #expect(files.contains(name + ".csv"), "\(name)")
    }
    // Four sizes, and the first row is that of the images as they are.
    let sizes = try text("run/report/images-of-fewer-pixels.csv").split(separator: "\r\n")
    let scores = try text("run/report/scores.csv").split(separator: "\r\n")
    #expect(sizes.dropFirst().map { $0.prefix { $0 != "," } } == ["100", "75", "50", "25"])
    #expect(
      sizes[1].split(separator: ",")[1...2] == scores[1].split(separator: ",")[1...2],
      "\(sizes[1]) \(scores[1])")
  }

  @Test("without the images the page is made of the logs, and says what it lacks")
  func withoutImages() throws {
    #expect(train("run", "--max-steps", "4").output.contains("stopped after step 4"))
    let change = "data.validation={ use: \"class-folders\", root: \"\(folder / "absent")\" }"
    let answer = arbex(["report", folder / "run"], set: [change])
    #expect(answer.code == 0 && answer.remarks.contains("absent"), "\(answer.remarks)")
    let page = try text("run/report.html")
    #expect(page.contains("What is left out here") && page.contains(folder / "absent"))
    #expect(page.contains(">Training</h2>") && !page.contains(">Scores</h2>"))

    // Damaged weights are another matter: the page is made, and the work has failed.
    let weights = folder.url("run/checkpoints/best.safetensors")
    var bytes = try Data(contentsOf: weights)
    bytes[bytes.count - 400] ^= 1
    try bytes.write(to: weights)
    let damaged = arbex(["report", folder / "run"])
    #expect(damaged.code == 2 && damaged.remarks.contains("is damaged"), "\(damaged.remarks)")
    #expect(try text("run/report.html").contains("is damaged"))
  }

  @Test("of several runs a bad one does not lose the others; what cannot be asked for is refused")
  func several() throws {
    #expect(train("first", "--max-steps", "1").code == 0)
    #expect(train("second", "--max-steps", "1").code == 0)
    let answer = arbex(["report", folder / "first", folder / "absent", folder / "second"])
    #expect(answer.code == 1 && answer.remarks.contains("absent: is not a run folder"), "\(answer.remarks)")
    for name in ["first", "second"] { #expect(try text(name + "/report.html").contains(">Scores</h2>")) }

    #expect(arbex(["report", folder / "absent"]).code == 2)
    let weights = folder / "first/checkpoints/last.safetensors"
    #expect(arbex(["report", folder / "first", folder / "second", "--weights", weights]).code == 2)
    #expect(arbex(["report", folder / "first", "--split", "tset"]).code == 2)
    #expect(arbex(["report", folder / "first", "--split", "test"]).code == 2)
    let other = arbex(["report", folder / "first", "--split", "train", "--weights", weights])
    #expect(other.code == 0, "\(other.remarks)")
    let page = try text("first/report-train.html")
    #expect(page.contains("24 images of the train set") && page.contains(weights))
    #expect(FileManager.default.fileExists(atPath: folder / "first/report-train/scores.csv"))
  }

  /// Columns 0, 1, 0, 1 brought to two: each new pixel is the mean of those within two of its middle, by the distance from
  /// it: (0.75 · 0 + 0.75 · 1 + 0.25 · 0) / 1.75 = 3/7, and 4/7 by symmetry. Back to four: 3/7, 3/4 · 3/7 + 1/4 · 4/7,
  /// and so on.
  @Test("images of fewer pixels are shrunk as Pillow does, and enlarged again")
  func shrunk() throws {
    let data = folder / "faces"
    for name in ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"] {
      try FileManager.default.createDirectory(atPath: "\(data)/\(name)", withIntermediateDirectories: true)
      let columns: [Float] = [0, 1, 0, 1]
      let pixels = (0..<48).map { columns[$0 / 3 % 4] }
      try ImageFile.writePNG(Image(width: 4, height: 4, pixels: pixels), path: "\(data)/\(name)/0.png")
    }
    let set = ["data.validation={ use: \"class-folders\", root: \"\(data)\" }"]
    let images = try RecipeImages(
      .validation,
      of: try Recipe.load(path: recipe, overrides: set, registry: try Registry.builtins(and: [])),
      isTraining: false)
    let half = try #require(images.shrunk(to: 0.5).image(of: images.samples[0].id))
    #expect(half.width == 4 && half.height == 4 && images.shrunk(to: 0.5).samples == images.samples)
    let expected: [Float] = [3 / 7, 13 / 28, 15 / 28, 4 / 7]
    for place in 0..<48 { #expect(abs(half.pixels[place] - expected[place / 3 % 4]) < 1e-5) }
    // What has no half keeps a pixel.
    #expect(images.shrunk(to: 0.01).image(of: images.samples[0].id)?.pixels.count == 48)
  }
}
