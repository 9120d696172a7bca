import FERCore
import Foundation
import TensorKit
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// Which matrix kernel OpenBLAS should use on this CPU.
///
/// OpenBLAS chooses when it is loaded, and an older one takes the `Haswell` kernel on CPUs it does not know, at
/// half the speed. It can be told by an environment variable, which it reads only at the start of a process.
struct KernelChoice {
  /// The CPU's features as Linux lists them.
  var features: Set<String>
  /// The kernel in use.
  var kernel: String
  /// The process's environment.
  var environment: [String: String]

  static let variable = "OPENBLAS_CORETYPE"
  static let guardVariable = "ARBEX_RESTARTED"
  private static let modern = ["skylakex", "cooperlake", "sapphirerapids"]

  /// The kernel for this CPU where OpenBLAS chose an older one; nil where all is well.
  var better: String? {
    let needed: Set = ["avx512f", "avx512bw", "avx512dq", "avx512vl"]
    guard needed.isSubset(of: features), !Self.modern.contains(kernel.lowercased()) else { return nil }
    return features.contains("avx512_bf16") ? "COOPERLAKE" : "SKYLAKEX"
  }

  /// The kernel to start again with; nil where the choice is good, the person made it, or it was tried already.
  var restart: String? {
    environment[Self.variable] == nil && environment[Self.guardVariable] == nil ? better : nil
  }

  /// Of this process.
  static var current: KernelChoice {
    KernelChoice(
      features: Processor.current.features, kernel: BLASInfo.kernel,
      environment: ProcessInfo.processInfo.environment)
  }

  /// Replaces this process by itself with a better kernel, once. Returns where there is none, or where the
  /// system refuses.
  static func restartIfOpenBLASChoseAnOlderKernel() {
    guard let kernel = current.restart else { return }
    setenv(variable, kernel, 1)
    setenv(guardVariable, "1", 1)
    Program.restart()
    unsetenv(variable)
  }
}

/// The word in `ARBEX_KERNELS`, which forces one kind of arbex's own loops.
enum KernelWord {
  /// What is wrong with it on a CPU whose best kind is `best`; nil where it is good, empty or missing.
  static func problem(_ word: String?, best: Kernels) -> UsageProblem? {
    guard let word, !word.isEmpty else { return nil }
    let known = best.runnable.map(\.rawValue)
    guard let kind = Kernels(rawValue: word) else {
      return UsageProblem(
        "\(Kernels.variable): no kernels are named \(JSONValue.quoted(word))"
          + NearestName.suggestion(for: word, among: known) + "\n  known: \(known.joined(separator: ", "))")
    }
    return best.runnable.contains(kind)
      ? nil
      : UsageProblem(
        "\(Kernels.variable): this CPU has no \(kind.title)\n  it can run: \(known.joined(separator: ", "))")
  }

  /// "AVX-512 (ARBEX_KERNELS can force avx2 or baseline)".
  static func description(chosen: Kernels, best: Kernels) -> String {
    if chosen != best { return "\(chosen.title), forced by \(Kernels.variable); this CPU has \(best.title)" }
    let others = best.runnable.dropFirst().map(\.rawValue)
    return others.isEmpty
      ? chosen.title : "\(chosen.title) (\(Kernels.variable) can force \(others.joined(separator: " or ")))"
  }
}
