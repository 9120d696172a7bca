import FERCore
import Foundation
import Ranks
import TensorKit
import Support

extension Verb {
  static let doctor = Verb(
    "doctor", "CPU, matrix kernel, threads, memory, libraries, and what to change", flags: [.json]
  ) { call in
    var examination = Examination.current
    examination.facts.append(("face detectors", call.registry.faceDetectorsInWords))
    if call.has("--json") {
      try call.output.print(examination.json.pretty())
    } else {
      try call.output.print(TextTable.text(examination.facts.map { [$0.name, $0.value] }))
      try call.output.print("")
      try call.output.print(
        examination.advice.isEmpty ? "nothing to change" : examination.advice.joined(separator: "\n"))
    }
    return 0
  }
}

/// What can be said of the machine and the libraries.
struct Examination {
  var facts: [(name: String, value: String)]
  var advice: [String]

  var json: JSONValue {
    var members: [String: JSONValue] = ["advice": .texts(advice)]
    for fact in facts { members[fact.name] = .string(fact.value) }
    return .object(members)
  }

  static var current: Examination {
    let (processor, choice) = (Processor.current, KernelChoice.current)
    let information = ProcessInfo.processInfo
    let vectors = ["avx2", "fma", "avx512f", "avx512vl", "avx512_bf16", "amx_tile"].filter(
      processor.features.contains)
    let (threads, memory) = (ThreadChoice.current, MemoryLimits.current)
    let gigabytes = Double(memory.total) / 1_073_741_824
    let names = ["OPENBLAS_", "OMP_", "GOTO_", "ARBEX_", "LD_LIBRARY_PATH", "LD_PRELOAD", "MALLOC_"]
    let variables = choice.environment.filter { item in names.contains { item.key.hasPrefix($0) } }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var facts = [
      ("arbex", CommandLineTool.version), ("Swift", swiftVersion),
      ("system", information.operatingSystemVersionString), ("CPU", processor.model),
      ("vector units", vectors.isEmpty ? "none known" : vectors.joined(separator: " ")),
      (
        "cores", "\(information.processorCount), of which this process may run on \(threads.cores) (affinity)"
      ),
      (
        "CPU quota",
        threads.quota.map { "the time of \($0.rounded(places: 2)) cores (control group)" } ?? "none"
      ),
      ("threads", "\(Parallel.threadCount)"),
      (
        "memory",
        "\(ByteCount.text(memory.total)), set by \(memory.source.rawValue); "
          + "\(ByteCount.text(memory.available)) are free"
      ),
      ("kernels", KernelWord.description(chosen: .chosen, best: .best)),
      ("bf16", PrecisionWord.description(obstacle: Precision.bfloat16.obstacle)),
      ("matrix product", BLASInfo.hasOwnProduct ? "arbex's own" : "OpenBLAS"),
      ("OpenBLAS", BLASInfo.configuration), ("OpenBLAS kernel", BLASInfo.kernel),
    ]
    facts.append(("MPI", Ranks.library))
    facts += loadedLibraries().map { ("libraries", $0) }
    facts.append(("environment", variables.isEmpty ? "nothing set" : variables.joined(separator: " ")))
    return Examination(
      facts: merged(facts),
      advice: advice(
        choice, cores: threads.usable, threads: Parallel.threadCount, gigabytes: gigabytes))
  }

  /// What would make arbex faster or safer here.
  static func advice(_ choice: KernelChoice, cores: Int, threads: Int, gigabytes: Double) -> [String] {
    var advice: [String] = []
    if let better = choice.better {
      let isSet =
        choice.environment[KernelChoice.variable] != nil
        && choice.environment[KernelChoice.guardVariable] == nil
      advice.append(
        isSet
          ? "unset \(KernelChoice.variable): it keeps OpenBLAS at \(choice.kernel), this CPU can run \(better)"
          : "update libopenblas: this one cannot run \(better), the kernel for this CPU, and uses \(choice.kernel)"
      )
    }
    if choice.environment["OPENBLAS_VERBOSE"] != nil {
      advice.append("unset OPENBLAS_VERBOSE: OpenBLAS writes lines between arbex's own")
    }
    if threads < cores {
      advice.append("\(threads) of \(cores) cores are used: unset ARBEX_THREADS or raise it")
    }
    if gigabytes < 4 {
      advice.append("less than 4 GB of memory: train with a small batch, as in --set training.batch=8")
    }
    return advice
  }

  /// The shared libraries that arbex leans on, by the file that was loaded.
  private static func loadedLibraries() -> [String] {
    let maps = SystemFile.text("/proc/self/maps")
    let wanted = ["openblas", "lapacke", "jpeg", "png", "tiff", "webp", "gif", "crypto"]
    let paths = maps.split(separator: "\n").compactMap { line in
      line.firstIndex(of: "/").map { String(line[$0...]) }
    }
    return Set(paths).sorted().filter { path in
      let name = PathText.name(of: path)
      return name.contains(".so") && wanted.contains { name.hasPrefix("lib" + $0) }
    }
  }

  /// Several facts of one name as one, separated by spaces.
  private static func merged(_ facts: [(String, String)]) -> [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    for (name, value) in facts {
      if name == result.last?.name {
        result[result.count - 1].value += " " + value
      } else {
        result.append((name, value))
      }
    }
    return result
  }

  private static var swiftVersion: String {
    #if swift(>=6.3)
      "6.3 or newer"
    #elseif swift(>=6.2)
      "6.2"
    #elseif swift(>=6.1)
      "6.1"
    #else
      "6.0"
    #endif
  }
}

extension Registry {
  /// Each face detector, and why it does not work here where it does not.
  fileprivate var faceDetectorsInWords: String {
    let all = faceDetectors.all.map { entry in
      do {
        _ = try entry.make()
        return entry.summary.name
      } catch { return "\(entry.summary.name) (does not work here: \(error))" }
    }
    return all.isEmpty ? "none" : all.joined(separator: ", ")
  }
}
