import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let reproduce = Verb(
    "reproduce", "run a run's recipe again, and say whether it comes to the same bits",
    arguments: [Argument("RUN", "the folder of a run, finished or stopped")],
    flags: [
      Flag(
        "--out", value: "DIR",
        "where to run it, a new folder that stays; RUN-reproduced where not given, which is removed if all is identical"
      ),
      Flag("--anyway", "go on where images, labels or files of weights are not what they were"), .json,
    ],
    notes: """
      First every file that the run trained on is compared with its data.jsonl; what is other is named, and nothing is
      run. Another processor, another version of this program, a changed recipe are named too, and do not stop it. Then
      the recipe runs, and each line of metrics.jsonl is compared as it is written, afterwards every array of the
      checkpoints and every prediction. It ends at the first difference. Threads may differ.

      exit codes: 0 identical; 1 the first difference is told; 2 it cannot be run again
      """
  ) { call in
    let path = call.words[0]
    let (given, isJSON) = (call.value("--out"), call.has("--json"))
    let out = given ?? PathText.normalized(path) + "-reproduced"
    // What is wrong with the folder is told before any image is read.
    _ = try RunFolder.existing(path)
    guard !FileSystem.exists(out) else {
      throw RunProblem.request(
        "\(out.printable): exists already; remove it, or choose another folder with --out")
    }
    let reproduction = try Reproduction(path, registry: call.registry)
    for remark in reproduction.remarks { call.output.remark("note: \(remark)") }
    let changes = reproduction.dataChanges
    let told = changes.listedInLines(atMost: 20)
    if !changes.isEmpty, !call.has("--anyway") {
      throw RunProblem.request(
        "\(path.printable): was trained on other data; put it back, or compare with --anyway:\n  " + told)
    }
    if !changes.isEmpty { call.output.remark("note: the data are not what they were:\n  " + told) }

    StopSignal.listen()
    let console = Console(descriptor: isJSON ? -1 : STDERR_FILENO)
    console.line("\(path.printable): again, \(reproduction.task)")
    // What cannot be run to an end is of no use to anybody.
    func remove(_ folder: String) { FileSystem.remove(folder) }
    let result: Reproduction.Result
    do { result = try reproduction.run(in: out, console: console) } catch {
      if given == nil { remove(out) }
      throw error
    }
    var object = OrderedObject()
    var (code, text, isKept): (Int32, String, Bool)
    switch result {
    case .identical(let compared):
      (code, text, isKept) = (0, "identical: \(compared)", given != nil)
      object.add("identical", .bool(true))
      object.add("compared", compared)
    case .different(let difference):
      (code, text, isKept) = (1, "different: \(difference)", true)
      object.add("identical", .bool(false))
      object.add("difference", difference.object)
    case .interrupted(let signal):
      if given == nil { remove(out) }
      call.output.remark("interrupted; nothing that was compared differed")
      return ExitCode.interrupted(by: signal)
    }
    if !isKept { remove(out) }
    object.add("notes", .texts(reproduction.remarks))
    object.add("dataChanges", .texts(changes))
    if isKept { object.add("folder", out) }
    try call.output.print(isJSON ? object.text : text)
    if isKept, !isJSON { call.output.remark("the reproduction is in \(out)") }
    return code
  }
}

extension RunDifference {
  fileprivate var object: OrderedObject {
    var object = OrderedObject()
    object.add("file", file)
    if let step { object.add("step", step) }
    object.add("quantity", quantity)
    object.add("run", run)
    object.add("reproduction", reproduction)
    return object
  }
}

extension [String] {
  /// One a line, and how many more there are.
  fileprivate func listedInLines(atMost limit: Int) -> String {
    (prefix(limit) + (count > limit ? ["and \(count - limit) more"] : [])).joined(separator: "\n  ")
  }
}
