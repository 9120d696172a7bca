import ARBEx
import Foundation
import TensorKit
import TestSupport
import Testing
import Support

/// The verbs for weights on a small POSTER++, with files made by an independent writer of PyTorch's formats.
@Suite("weights inspect, import and export", .serialized)
final class WeightVerbTests {
  private static let recipes = ShippedRecipe.folder
  private let folder = NSTemporaryDirectory() + "arbex-weights-\(UUID().uuidString)"
  private let recipe = WeightVerbTests.recipes + "/posterpp.json5"
  private let small = [
    "input.size=32", "model.backbone.units=[1, 1, 1]", "model.backbone.widths=[8, 8, 16, 16]",
    "model.landmarks.width=0.25", "model.landmarks.blocks=[0, 0, 0]", "model.encoder.size=32",
    "model.encoder.vitHeads=4", "model.encoder.heads=[1, 2, 2]", "model.encoder.windows=[]",
    "model.encoder.depth=1",
  ]

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func arbex(_ arguments: [String], isSmall: Bool = true) -> Answer {
    Answer(arguments + (isSmall ? small.flatMap { ["--set", $0] } : []))
  }

  private func load(_ more: [String] = []) throws -> Recipe {
    try Recipe.load(path: recipe, overrides: small + more, registry: try Registry.builtins())
  }

  /// The recipe's arrays under POSTER++'s names, each filled from its name.
  private func published(_ more: [String] = []) throws -> TorchWriter.Arrays {
    let naming = try #require(try Registry.builtins().namings.first { $0.word == "poster++" })
    let fileName = try #require(naming.fileName)
    return try load(more).buildModel(filling: false).store.all.published(fileName)
  }

  private func write(_ arrays: TorchWriter.Arrays, _ name: String = "weights.pth", isOld: Bool = false) throws
    -> String
  {
    try write(TorchWriter.checkpoint(arrays, isOld: isOld), name)
  }

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(
    "a checkpoint comes in whole, goes out under its own names, and comes in again the same",
    arguments: [false, true])
  func roundTrip(isOld: Bool) throws {
    let dead = (name: "module.VIT.CON1.weight", array: StoredArray(shape: [2], values: [1, 2]))
    let arrays = try published()
    let file = try write(arrays + [dead], isOld: isOld)
    let first = "\(folder)/first.safetensors"
    let told = arbex(["weights", "import", file, "--recipe", recipe, "--out", first])
    #expect(told.code == 0, "\(told.remarks)")
    #expect(
      told.output.contains("read as POSTER++ checkpoint")
        && told.output.contains("unwrapped: state_dict, module."))
    #expect(told.output.contains("skipped, no use for it, 1: VIT.CON1.weight"))
    #expect(told.output.contains("classes named in it, never run, 1: __main__.RecorderMeter"))
    #expect(told.remarks.contains("does not tell its classes") && told.remarks.contains("affectnet-7"))
    let imported = try WeightFile(first)
    #expect(imported.metadata["classes"]?.hasPrefix(#"["surprise", "fear""#) == true)
    #expect(imported.metadata["preprocessing"]?.contains("imagenet") == true)
    let backbone = try #require(arrays.first { $0.name == "module.ir_back.body2.0.res_layer.3.weight" })
    #expect(try imported.tensor("backbone.body2.0.res_layer.3.weight").values == backbone.array.values)

    let out = "\(folder)/out.safetensors"
    #expect(arbex(["weights", "export", first, "--out", out], isSmall: false).code == 0)
    let exported = try WeightFile(out)
    #expect(exported.names == arrays.map { String($0.name.dropFirst("module.".count)) }.sorted())
    for (name, array) in arrays {
      let found = try exported.tensor(String(name.dropFirst("module.".count)))
      #expect(found.shape == array.shape && found.values == array.values)
    }
    let second = "\(folder)/second.safetensors"
    let again = arbex(["weights", "import", out, "--recipe", recipe, "--out", second])
    #expect(again.code == 0 && !again.remarks.contains("does not tell"), "\(again.remarks)")
    let (one, other) = (try WeightFile(first), try WeightFile(second))
    #expect(one.names == other.names)
    for name in one.names { #expect(try one.tensor(name).values == other.tensor(name).values) }
  }

  @Test("imported weights predict, and so does the .pth itself, to the same bits")
  func predict() throws {
    let file = try write(try published())
    let out = "\(folder)/in.safetensors"
    #expect(
      arbex(["weights", "import", file, "--recipe", recipe, "--out", out, "--classes", "raf-db"]).remarks
        == "written: \(out)\n")
    let images = uniformImages("x", count: 2, side: 32)
    let predictions = try [out, file].map { path in
      let trained = try TrainedModel(try load(), weights: path, namings: try Registry.builtins().namings)
      return try trained.model(images, .evaluation).final.values
    }
    #expect(predictions[0] == predictions[1])
    let image = "\(folder)/face.png"
    let pixels = uniform("y", 32 * 32 * 3).map { ($0 + 1) / 2 }
    try ImageFile.writePNG(Image(width: 32, height: 32, pixels: pixels), path: image)
    let told = arbex(["predict", recipe, image, "--weights", out, "--json"])
    #expect(told.code == 0 && told.output.contains("surprise"), "\(told.remarks)")
  }

  @Test("a part of a model starts from a .pth of its own under other names")
  func component() throws {
    let arrays: TorchWriter.Arrays = try published().filter { $0.name.hasPrefix("module.ir_back.") }.map {
      entry in
      // face.evoLVe counts units through: with its own 3 and 4 units before, ours are 0, 3 and 7.
      var key = String(entry.name.dropFirst("module.ir_back.".count))
      for (stage, number) in [("body1.0.", 0), ("body2.0.", 3), ("body3.0.", 7)] where key.hasPrefix(stage) {
        key = "body.\(number)." + key.dropFirst(stage.count)
      }
      return (name: key, array: entry.array)
    }
    let extra = (name: "output_layer.3.bias", array: StoredArray(shape: [1], values: [0]))
    let file = try write(arrays + [extra], "ir50.pth")
    let model = try load(["model.backbone.weights=\(JSONValue.quoted(file))"]).buildModel()
    let expected = filled("ir_back.body3.0.res_layer.1.weight", shape: [16, 16, 3, 3])
    #expect(model.store["backbone.body3.0.res_layer.1.weight"]?.fileValue.values == expected.values)
    let told = arbex(["weights", "import", file, "--recipe", recipe, "--out", "\(folder)/b", "--json"])
    #expect(
      told.code == 0 && told.output.contains(#""map": "ir50-face-evolve""#), "\(told.remarks)\(told.output)")
    #expect(try WeightFile("\(folder)/b").names.allSatisfy { $0.hasPrefix("backbone.") })
    let direct = try load(["model.backbone.weights=\(JSONValue.quoted("\(folder)/b"))"]).buildModel()
    #expect(direct.store["backbone.body3.0.res_layer.1.weight"]?.fileValue.values == expected.values)
  }

  @Test("too little of a part is an error that says what is missing, and writes nothing")
  func coverage() throws {
    let arrays = try published()
    let few = arrays.filter { !$0.name.contains("body3") }
    let told = arbex(["weights", "import", try write(few), "--recipe", recipe, "--out", "\(folder)/x"])
    #expect(told.code == 2)
    #expect(told.remarks.contains("backbone: ") && told.remarks.contains("at least 95 % must"))
    #expect(told.remarks.contains("missing: backbone.body3.0."))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/x"))
    let forced = ["weights", "import", "\(folder)/weights.pth", "--recipe", recipe, "--out", "\(folder)/x"]
    let allowed = arbex(forced + ["--coverage", "0.3"])
    #expect(allowed.code == 0 && allowed.remarks.contains("start from random numbers"), "\(allowed.remarks)")
    let wrong = arbex(forced + ["--map", "ir50-arbex"])
    #expect(wrong.code == 2 && wrong.remarks.contains("holds nothing of the model"), "\(wrong.remarks)")
    let unknown = arbex(forced + ["--map", "postr++"])
    #expect(unknown.code == 2 && unknown.remarks.contains("did you mean \"poster++\"?"))
    let part = arbex(forced + ["--part", "encoder"])
    #expect(part.code == 0 && !part.output.contains("no place in the model"))
    #expect(arbex(forced + ["--part", "encodr"]).remarks.contains("did you mean \"encoder\"?"))
    let itself = [
      "weights", "import", "\(folder)/x", "--recipe", recipe, "--out", "\(folder)/x", "--part", "encoder",
    ]
    #expect(arbex(itself).remarks.contains("is the file to import"))
    #expect(try WeightFile("\(folder)/x").names.allSatisfy { $0.hasPrefix("encoder.") })
  }

  @Test("classes: another order, another number, a name that is none")
  func classes() throws {
    let eight = #"classes=["neutral","happy","sad","surprise","fear","disgust","angry","contempt"]"#
    let file = try write(try published())
    let begin = ["weights", "import", file, "--recipe", recipe, "--out", "\(folder)/x"]
    let other = arbex(begin + ["--classes", "affectnet-7"])
    #expect(
      other.code == 2 && other.remarks.contains(#"--set 'classes=["neutral", "happiness""#),
      "\(other.remarks)")
    #expect(arbex(begin + ["--classes", "surprised,afraid,disgust,joy,sad,angry,neutral"]).code == 0)
    let bad = arbex(begin + ["--classes", "raf_db"])
    #expect(bad.code == 2 && bad.remarks.contains("did you mean \"raf-db\"?"), "\(bad.remarks)")
    let wide = try write(try published([eight]), "eight.pth")
    let misfit = arbex(["weights", "import", wide, "--recipe", recipe, "--out", "\(folder)/x"])
    #expect(misfit.code == 2)
    #expect(misfit.remarks.contains("head.linear.weight is [8, 32]"), "\(misfit.remarks)")
    #expect(misfit.remarks.contains("affectnet-8: --set 'classes="))
    let fitting = arbex([
      "weights", "import", wide, "--recipe", recipe, "--out", "\(folder)/x", "--set", eight,
    ])
    #expect(fitting.code == 0 && !fitting.remarks.contains("does not tell"), "\(fitting.remarks)")
    // Eight classes have one known order; a recipe of another is told so.
    let turned = #"classes=["contempt","happy","sad","surprise","fear","disgust","angry","neutral"]"#
    let wrong = arbex([
      "weights", "import", wide, "--recipe", recipe, "--out", "\(folder)/x", "--set", turned,
    ])
    #expect(wrong.code == 2 && wrong.remarks.contains("in the file's order"), "\(wrong.remarks)")
  }

  @Test("signs of bad numbers are told; such that are not finite are refused")
  func warnings() throws {
    var arrays = try published()
    for index in arrays.indices where arrays[index].name.contains("running_") {
      let value: Float = arrays[index].name.hasSuffix("var") ? 1 : 0
      arrays[index].array.values = arrays[index].array.values.map { _ in value }
    }
    let begin = ["weights", "import", try write(arrays), "--recipe", recipe, "--out", "\(folder)/x"]
    let told = arbex(begin)
    #expect(told.code == 0 && told.remarks.contains("batch norms have mean 0 and variance 1 everywhere"))
    let inspected = arbex(["weights", "inspect", "\(folder)/weights.pth"], isSmall: false)
    #expect(inspected.code == 0 && inspected.output.contains("as before any training"))
    arrays[0].array.values[0] = .nan
    _ = try write(arrays)
    #expect(arbex(begin).remarks.contains("not finite in 1 arrays"))
    let allowed = arbex(begin + ["--allow-nonfinite"])
    #expect(allowed.code == 0 && allowed.remarks.contains("not finite"))
  }

  @Test("inspect: a backbone of full size is recognised")
  func inspect() throws {
    let recipe = try Recipe.load(path: recipe, registry: try Registry.builtins())
    let backbone = try recipe.buildModel(filling: false).store.under("backbone")
    let arrays: TorchWriter.Arrays = backbone.map { parameter in
      let values = [Float](repeating: 0.5, count: parameter.count)
      let name = String(parameter.name.dropFirst("backbone.".count))
      return (name: "module." + name, array: StoredArray(shape: parameter.fileShape, values: values))
    }
    let file = try write(arrays)
    let told = arbex(["weights", "inspect", file], isSmall: false)
    #expect(told.code == 0)
    #expect(
      told.output.contains("fits ir50-poster++, IR-50 of POSTER++: 247 of 247"), "\(told.output.prefix(1000))"
    )
    #expect(told.output.contains("247 arrays, 17629632 numbers"))
    let json = arbex(["weights", "inspect", file, "--json"], isSmall: false)
    #expect(
      json.output.contains(#""format": "PyTorch (zip)""#) && json.output.contains(#""map": "ir50-poster++""#))
  }

  @Test("what a hostile pickle would call is named, and the file does no harm")
  func danger() throws {
    var pickle = PickleWriter()
    pickle.bytes += Array("}(".utf8)
    pickle.text("x")
    pickle.global("posix", "system")
    pickle.bytes += Array("(".utf8)
    pickle.text("touch \(folder)/executed")
    pickle.bytes += Array("tR".utf8)
    pickle.text("w")
    pickle.tensor("0", count: 2, shape: [2])
    pickle.bytes += Array("u.".utf8)
    let file = try write(TorchWriter.zip(pickle.bytes, [[1, 2]]), "evil.pth")
    let told = arbex(["weights", "inspect", file], isSmall: false)
    #expect(
      told.code == 0 && told.output.contains("names posix.system: loading it in Python may run a program"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/executed"))
  }

  /// The program itself, which ends with a crash where it needs more than the address space it is given.
  @Test("the greediest of the hostile files stay below 512 MB", .enabled(if: WeightVerbTests.program != nil))
  func memory() throws {
    let program = try #require(Self.program)
    let greedy = HostileWeights(marker: "\(folder)/executed").files.filter { $0.bytes.count > 100_000 }
    #expect(greedy.count > 20)
    for file in greedy {
      let path = try write(file.bytes, file.name)
      let command = "ulimit -v 524288; exec \"$0\" weights inspect \"$1\""
      let environment = ProcessInfo.processInfo.environment
      let words = ["-c", command, program, path]
      let child = try ChildProcess.run("/bin/sh", words, environment: environment, in: folder)
      #expect(
        child.code == (file.mustBeRefused ? 2 : child.code == 2 ? 2 : 0), "\(file.name): \(child.remarks)")
      #expect(child.code == 0 || child.remarks.hasPrefix(path), "\(file.name): \(child.remarks)")
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/executed"))
  }

  private static var program: String? { try? ProgramRun.path }

  @Test(
    "requests that lack something",
    arguments: [
      (["weights", "import", "x"], "needs --recipe RECIPE"),
      (["weights", "export", "x"], "needs --out FILE"),
      (["weights", "inspect", "/nowhere"], "there is no such file or folder"),
      (["weights", "inspect", "/tmp"], "is not an ordinary file"),
      (["weights", "imprt"], "did you mean \"weights import\"?"),
      (
        ["weights", "export", "x", "--out", "y", "--map", "ir50-apvit"], "no map that can be written is named"
      ),
    ])
  func requests(_ arguments: [String], _ sentence: String) {
    let told = arbex(arguments, isSmall: false)
    #expect(told.code == 2 && told.remarks.contains(sentence), "\(told.remarks)")
  }
}
