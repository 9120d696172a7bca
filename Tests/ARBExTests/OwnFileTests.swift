@testable import ARBEx
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@Suite("Nobody's file is replaced unasked", .serialized)
final class OwnFileTests {
  private let folder = TestFolder()
  private var run: String { folder / "run" }
  private var weights: String { run + "/checkpoints/best.safetensors" }

  private func content(_ name: String) -> String {
    (try? FileSystem.text(of: folder / name)) ?? ""
  }

  /// A recipe of a few drawn faces and weights that nobody has trained, apart from a run.
  private func recipe() throws -> String {
    let path = folder / "tiny.json5"
    try AtomicFile.write(
      """
      { extends: "\(ShippedRecipe.path("quickstart"))", name: "tiny",
        data: { train: { count: 14 }, validation: { count: 14 } } }
      """, to: path)
    try StartBenchmark.writeUntrainedRun(try Recipe.load(path: path, registry: try .builtins()), to: run)
    return path
  }

  @Test("eval: another's table or page stays, its own is written anew, --overwrite takes all")
  func eval() throws {
    let recipe = try recipe()
    let out = folder / "out"
    try FileSystem.makeFolder(out)
    try AtomicFile.write("precious\n", to: out + "/predictions.csv")
    let refused = arbex("eval", recipe, "--weights", weights, "--out", out)
    #expect(refused.code == 2 && content("out/predictions.csv") == "precious\n")
    #expect(
      refused.remarks
        == "\(out)/predictions.csv: is there already, and is not known for a table of predictions that arbex wrote\n"
        + "  nothing was done; write elsewhere, or add --overwrite\n")
    #expect(!FileSystem.exists(out + "/report.html"))
    #expect(arbex("eval", recipe, "--weights", weights, "--out", out, "--overwrite").code == 0)
    #expect(content("out/predictions.csv").hasPrefix("image,class,primary,"))
    // What it wrote itself it writes again.
    #expect(arbex("eval", recipe, "--weights", weights, "--out", out).code == 0)
    try AtomicFile.write("<html>mine</html>", to: out + "/report.html")
    #expect(arbex("eval", recipe, "--weights", weights, "--out", out).code == 2)
    #expect(content("out/report.html") == "<html>mine</html>")

    // A folder of figures that belongs to no page, and numbers of which nobody knows whose they are.
    try AtomicFile.write("x", to: folder / "numbers.npy")
    try FileSystem.makeFolder(folder / "other/report")
    try AtomicFile.write("x", to: folder / "other/report/mine.svg")
    let both = arbex(
      "eval", recipe, "--weights", weights, "--out", folder / "other", "--embeddings", folder / "numbers.npy")
    #expect(both.code == 2 && both.remarks.contains("other/report: is a folder already"))
    #expect(both.remarks.contains("numbers.npy: is there already") && content("numbers.npy") == "x")
  }

  @Test("predict, explain and weights ask too, before their work")
  func others() throws {
    let recipe = try recipe()
    let face = folder / "face.png"
    try ImageFile.writePNG(Bars.picture(1), path: face)
    // A picture of somebody else: the same without the text that says who wrote it.
    let foreign = try ImageFile.encodePNG(Bars.picture(2))
    try AtomicFile.write(to: folder / "out.png") { try $0.write(foreign) }
    let picture = arbex("predict", run, face, "--picture", folder / "out.png")
    #expect(picture.code == 2 && picture.printed.isEmpty && picture.remarks.contains("--overwrite"))
    #expect(try FileSystem.contents(folder / "out.png") == Data(foreign))
    #expect(arbex("predict", run, face, "--picture", folder / "out.png", "--overwrite").code == 0)
    #expect(arbex("predict", run, face, "--picture", folder / "out.png").code == 0)
    try AtomicFile.write(to: folder / "out-2.png") { try $0.write(foreign) }
    #expect(arbex("predict", run, face, "--picture", folder / "out.png").code == 2)

    try FileSystem.makeFolder(folder / "why")
    try AtomicFile.write("{\"mine\": 1}", to: folder / "why/face.json")
    let why = arbex("explain", run, face, "--no-training-faces", "--out", folder / "why")
    #expect(why.code == 2 && why.printed.isEmpty && content("why/face.json") == "{\"mine\": 1}")
    #expect(
      arbex("explain", run, face, "--no-training-faces", "--out", folder / "why", "--overwrite").code == 0)
    #expect(arbex("explain", run, face, "--no-training-faces", "--out", folder / "why").code == 0)

    // What standard input names is known only when its turn comes.
    try FileSystem.makeFolder(folder / "late")
    try AtomicFile.write("mine", to: folder / "late/face.json")
    let late = try ProgramRun.shell(
      "echo face.png | \"$arbex\" explain run - --no-training-faces --out late", in: folder)
    #expect(late.code == 2 && late.remarks.contains("late/face.json: is there already"), "\(late.remarks)")
    #expect(content("late/face.json") == "mine" && !FileSystem.exists(folder / "late/face.png"))

    // A checkpoint is no import.
    let imported = arbex("weights", "import", weights, "--recipe", recipe, "--out", folder / "a.safetensors")
    #expect(imported.code == 0, "\(imported.remarks)")
    let before = try FileSystem.contents(weights)
    #expect(
      arbex("weights", "import", folder / "a.safetensors", "--recipe", recipe, "--out", weights).code == 2)
    #expect(try FileSystem.contents(weights) == before)
    #expect(
      arbex("weights", "import", weights, "--recipe", recipe, "--out", folder / "a.safetensors").code == 0)
  }

  @Test("explain asks in a run's own folder of explanations too")
  func ownExplanations() throws {
    _ = try recipe()
    let face = folder / "face.png"
    try ImageFile.writePNG(Bars.picture(1), path: face)
    try FileSystem.makeFolder(run + "/explanations")
    try AtomicFile.write("mine", to: run + "/explanations/face.json")
    try AtomicFile.write("mine", to: run + "/explanations/training-faces.safetensors")
    let refused = arbex("explain", run, face)
    #expect(refused.code == 2 && refused.printed.isEmpty, "\(refused.remarks)")
    #expect(refused.remarks.contains("face.json: is there already, and is not known for an explanation"))
    #expect(content("run/explanations/face.json") == "mine")
    #expect(arbex("explain", run, face, "--overwrite").code == 0)
    #expect(content("run/explanations/face.json").hasPrefix("{\"image\": "))
    // Its own it writes again; the embeddings of training faces are not kept over somebody's file.
    #expect(arbex("explain", run, face).code == 0)
    #expect(content("run/explanations/training-faces.safetensors") == "mine")
  }

  @Test("empty files may be filled; what is no file is told; a folder that is no sweep's stays as it is")
  func kinds() throws {
    try AtomicFile.write("", to: folder / "empty.html")
    #expect(OwnFile(.page, folder / "empty.html").obstacle == nil)
    #expect(OwnFile(.page, folder / "absent.html").obstacle == nil)
    #expect(OwnFile(.picture, folder.path).obstacle?.contains("is no file that can be read") == true)
    #expect(mkfifo(folder / "pipe", 0o600) == 0 && OwnFile(.picture, folder / "pipe").obstacle != nil)
    try AtomicFile.write("run,folder,group,seed,weights,epoch,", to: folder / "a.csv")
    #expect(OwnFile(.comparison, folder / "a.csv").obstacle == nil)
    #expect(OwnFile(.predictions, folder / "a.csv").obstacle != nil)

    try FileSystem.makeFolder(folder / "sweep")
    try AtomicFile.write("mine", to: folder / "sweep/table.csv")
    #expect(throws: RunProblem.self) { try SweepFolder(folder / "sweep") }
    #expect(try FolderNames.all(in: folder / "sweep") == ["table.csv"])
    _ = try SweepFolder(folder / "new/sweep")
    _ = try SweepFolder(folder / "new/sweep")
  }
}
