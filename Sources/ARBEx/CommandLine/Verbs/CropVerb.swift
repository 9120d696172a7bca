import FERCore
import FERData
import FERTools
import FERTraining
import NeuralKit
import Support

extension Verb {
  static let dataCrop = Verb(
    "data crop", "cut the faces out of a dataset of photographs, folder by folder",
    arguments: [
      Argument("SRC", "the folder of photographs: class folders, or splits with class folders"),
      Argument("DST", "the folder to make, with a PNG file of its face for each photograph"),
    ],
    flags: [
      Flag(
        "--detector", value: "NAME", "the face detector; the first that this program can run where not given"),
      Flag(
        "--margin", value: "SHARE",
        "what is added to a face's box on each side, as a share of its longer side; \(FaceOptions().margin) where not given"
      ), .json,
    ],
    notes: """
      Of several faces in a photograph the largest is taken. DST/crop.json lists the photographs with several faces and those
      without one, and says what a recipe on these faces has to say under data.faces, so that `predict --faces` cuts them
      alike. A DST that `data crop` made is made anew; any other that holds something is refused. exit codes: 0 every
      photograph was looked at; 1 some could not be read; 2 the request was wrong.
      """
  ) { call in
    let (source, target) = (call.words[0], call.words[1])
    let faces = try FaceChoice(
      call.value("--detector"), margin: try call.number("--margin", in: 0...2) ?? FaceOptions().margin,
      in: call.registry)
    let crop = try DatasetCrop(from: source, to: target, faces.finder, saying: faces.recipe)
    let console = Console()
    let result = try crop.run { done, total in
      console.progress("crop", share: Double(done) / Double(total)) { "\(done) of \(total) photographs" }
    }
    console.clearBar()
    result.unreadable.forEach { call.output.remark("\($0)") }
    try call.output.print(call.has("--json") ? result.json.pretty() : result.text)
    return result.unreadable.isEmpty ? ExitCode.done : ExitCode.failed
  }
}
