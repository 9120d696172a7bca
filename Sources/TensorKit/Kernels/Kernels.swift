import CKernels

/// The loops in C, by what they were compiled for. A process runs one kind, chosen as it starts: the best that the
/// CPU has, or the one that the environment variable `ARBEX_KERNELS` names where it is not empty.
package enum Kernels: String, CaseIterable, Sendable {
  /// For any CPU.
  case baseline
  /// For CPUs with AVX2 and fused multiply-add.
  case avx2
  /// For CPUs with AVX-512.
  case avx512

  /// What forces one kind.
  package static let variable = "ARBEX_KERNELS"

  /// The best that this CPU has.
  package static var best: Kernels { Kernels(arbex_best_variant()) }
  /// What this process runs.
  package static var chosen: Kernels { Kernels(arbex_chosen_variant()) }
  /// Those that a CPU can run whose best are these, best first.
  package var runnable: [Kernels] {
    Self.allCases.filter { $0.variant.rawValue <= variant.rawValue }.reversed()
  }

  /// As the CPU's makers write it.
  package var title: String {
    switch self {
    case .baseline: "baseline"
    case .avx2: "AVX2"
    case .avx512: "AVX-512"
    }
  }

  /// What the C side calls it.
  var variant: arbex_variant {
    switch self {
    case .baseline: arbex_baseline
    case .avx2: arbex_avx2
    case .avx512: arbex_avx512
    }
  }

  private init(_ variant: arbex_variant) { self = Self.allCases.first { $0.variant == variant } ?? .baseline }
}
