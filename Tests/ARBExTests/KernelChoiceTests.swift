@testable import ARBEx
import Testing

@Suite("Choice of the matrix kernel")
struct KernelChoiceTests {
  static let avx512: Set = ["avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl"]

  @Test("with AVX-512 and an older kernel arbex starts again, once, unless the person chose", arguments: [
    (avx512, "Haswell", [:], "SKYLAKEX"),
    (avx512.union(["avx512_bf16"]), "Zen", [:], "COOPERLAKE"),
    (avx512, "SkylakeX", [:], nil),
    (avx512, "Cooperlake", [:], nil),
    (["avx2"], "Haswell", [:], nil),
    (["avx512f"], "Haswell", [:], nil),
    (avx512, "Haswell", ["OPENBLAS_CORETYPE": "Haswell"], nil),
    (avx512, "Haswell", ["ARBEX_RESTARTED": "1"], nil),
  ] as [(Set<String>, String, [String: String], String?)])
  func restart(features: Set<String>, kernel: String, environment: [String: String], expected: String?) {
    #expect(KernelChoice(features: features, kernel: kernel, environment: environment).restart == expected)
  }

  @Test("the doctor tells who keeps OpenBLAS at an older kernel")
  func advice() {
    let forced = KernelChoice(features: Self.avx512, kernel: "Haswell", environment: ["OPENBLAS_CORETYPE": "Haswell"])
    #expect(
      Examination.advice(forced, cores: 2, threads: 2, gigabytes: 8)
        == ["unset OPENBLAS_CORETYPE: it keeps OpenBLAS at Haswell, this CPU can run SKYLAKEX"])
    let fine = KernelChoice(features: Self.avx512, kernel: "SkylakeX", environment: [:])
    #expect(Examination.advice(fine, cores: 2, threads: 2, gigabytes: 8) == [])
    #expect(Examination.advice(fine, cores: 4, threads: 2, gigabytes: 2).count == 2)
  }

  @Test("the CPU's features are read from the first processor")
  func processor() {
    let processor = Processor(cpuinfo: "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu avx2\n\nflags\t: other\n")
    #expect(processor.model == "A CPU")
    #expect(processor.features == ["fpu", "avx2"])
  }
}
