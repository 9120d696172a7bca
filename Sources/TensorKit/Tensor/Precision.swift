import CKernels

/// In what numbers the products of a prediction are made. Sums, norms, activations and everything that is not a product of
/// large matrices stay in 32-bit floats either way, and so does training.
public enum Precision: String, CaseIterable, Sendable {
  /// 24 bits of each factor.
  case float32
  /// 8 bits of each factor (bfloat16), sums in 32-bit floats; for CPUs that do twice as many of these products
  /// (Kalamkar et al. 2019, A Study of BFLOAT16 for Deep Learning Training, arXiv:1905.12322).
  case bfloat16 = "bf16"

  /// What this process lacks for it, in words; nil where it can be had.
  public var obstacle: String? { obstacle(cpuHasIt: arbex_has_bfloat16() != 0, best: .best, chosen: .chosen) }

  /// The same on a CPU with or without AVX512-BF16 whose best kernels are `best`, of which `chosen` run.
  package func obstacle(cpuHasIt: Bool, best: Kernels, chosen: Kernels) -> String? {
    guard self == .bfloat16 else { return nil }
    if best != .avx512 { return "this CPU has no AVX-512 (avx512f, avx512bw, avx512cd, avx512dq, avx512vl)" }
    if !cpuHasIt { return "this CPU has no AVX512-BF16 (avx512_bf16)" }
    return chosen == .avx512
      ? nil : "it needs the AVX-512 kernels, and \(Kernels.variable) forces \(chosen.rawValue)"
  }
}
