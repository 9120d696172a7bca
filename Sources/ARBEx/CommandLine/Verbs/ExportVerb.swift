import FERTools
import FERTraining
import Support

extension Verb {
  static let export = Verb(
    "export", "write a trained model as a file that other programs run: ONNX",
    arguments: [Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights")],
    flags: [
      Flag("--onnx", value: "FILE.onnx", "the file to write, for ONNX Runtime and others"),
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag(
        "--normalised-input",
        "leave the normalisation out: the graph takes what the network takes, in its order of colours"),
      .overwrite, .uncalibrated, .json, .set,
    ],
    notes: """
      The graph takes "image" [N, 3, S, S], float32 RGB in 0...1, for any N, and gives "primary", "terms.NAME" of each
      correction and "final", each [N, C]. Views are cut inside it. Names of classes and the preprocessing stand in the
      file's metadata. It computes in 32-bit floats. A model with an operation that cannot be written is refused by name.
      """
  ) { call in
    guard let path = call.value("--onnx") else {
      throw UsageProblem("\"export\" needs --onnx FILE.onnx", verb: "export")
    }
    try call.requireOwn([OwnFile(.network, path)])
    let subject = try ModelSubject(call)
    subject.remarks.forEach(call.output.remark)
    var options = ONNXExport.Options()
    options.normalises = !call.has("--normalised-input")
    options.temperatures = subject.temperatures
    let export = try ONNXExport(subject.trained, options)
    let size = try export.write(to: path)
    if call.has("--json") {
      let result: [String: JSONValue] = [
        "weights": .string(subject.trained.path), "written": .string(path), "bytes": .int(size),
        "operatorSet": .int(ONNXExport.operatorSet), "nodes": .int(export.nodeCount),
        "inputs": .texts(export.inputs), "outputs": .texts(export.outputs),
      ]
      try call.output.print(JSONValue.object(result).pretty())
    } else {
      try call.output.print(
        "\(path): ONNX, operator set \(ONNXExport.operatorSet), \(export.nodeCount) operators, "
          + "\(ByteCount.text(size))\n  in   \(export.inputs.joined(separator: ", "))\n  out  "
          + export.outputs.joined(separator: ", "))
      call.output.remark(subject.trained.remark)
    }
    return 0
  }
}
