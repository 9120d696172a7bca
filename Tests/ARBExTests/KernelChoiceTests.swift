@testable import ARBEx
import Foundation
import TensorKit
import Support
import TestSupport
import Testing

@Suite("Choice of the matrix kernel")
struct KernelChoiceTests {
  static let avx512: Set = ["avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl"]

  @Test(
    "with AVX-512 and an older kernel arbex starts again, once, unless the person chose",
    arguments: [
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
    let forced = KernelChoice(
      features: Self.avx512, kernel: "Haswell", environment: ["OPENBLAS_CORETYPE": "Haswell"])
    #expect(
      Examination.advice(forced, cores: 2, threads: 2, gigabytes: 8)
        == ["unset OPENBLAS_CORETYPE: it keeps OpenBLAS at Haswell, this CPU can run SKYLAKEX"])
    let fine = KernelChoice(features: Self.avx512, kernel: "SkylakeX", environment: [:])
    #expect(Examination.advice(fine, cores: 2, threads: 2, gigabytes: 8) == [])
    #expect(Examination.advice(fine, cores: 4, threads: 2, gigabytes: 2).count == 2)
  }

  @Test(
    "a word that forces kernels is checked against what the CPU has",
    arguments: [
      (nil, .avx512, nil), ("", .avx512, nil), ("avx512", .avx512, nil), ("avx2", .avx512, nil),
      ("baseline", .avx2, nil),
      (
        "avx51", .avx512,
        "ARBEX_KERNELS: no kernels are named \"avx51\"; did you mean \"avx512\"?\n  known: avx512, avx2, baseline"
      ),
      ("sse", .avx2, "ARBEX_KERNELS: no kernels are named \"sse\"\n  known: avx2, baseline"),
      ("avx512", .avx2, "ARBEX_KERNELS: this CPU has no AVX-512\n  it can run: avx2, baseline"),
      ("avx2", .baseline, "ARBEX_KERNELS: this CPU has no AVX2\n  it can run: baseline"),
    ] as [(String?, Kernels, String?)])
  func forced(word: String?, best: Kernels, problem: String?) {
    #expect(KernelWord.problem(word, best: best)?.description == problem)
  }

  @Test("arbex refuses such a word with exit code 2")
  func refused() {
    let code = CommandLineTool.run(
      ["doctor"], output: CommandOutput(print: { _ in }, remark: { _ in }),
      environment: ["ARBEX_KERNELS": "fast"])
    #expect(code == 2)
  }

  @Test("an empty word counts as none, here and where the loops are chosen")
  func empty() throws {
    let answer = try ProgramRun.shell("ARBEX_KERNELS= \"$arbex\" doctor", in: TestFolder())
    #expect(answer.code == 0 && !answer.output.contains("forced by"), "\(answer.output)\(answer.remarks)")
  }

  @Test("a variable of the environment that arbex does not know is told, with the nearest that it knows")
  func variables() throws {
    let known = "\n  known: ARBEX_KERNELS, ARBEX_RANK_PATIENCE, ARBEX_RECIPES, ARBEX_THREADS"
    let environment = [
      "ARBEX_THREAD": "2", "ARBEX_DEBUG": "", "ARBEX_THREADS": "2", "ARBEX_KERNELS": "", "ARBEX_RECIPES": "",
      "ARBEX_RESTARTED": "1", "ARBEX_SUITES": "Support", "PATH": "",
    ]
    #expect(
      OwnVariables.remarks(on: environment) == [
        "ARBEX_DEBUG: arbex listens to no such variable" + known,
        "ARBEX_THREAD: arbex listens to no such variable; did you mean \"ARBEX_THREADS\"?" + known,
      ])
    let answer = try ProgramRun.shell("ARBEX_KERNEL=avx2 \"$arbex\" recipe list", in: TestFolder())
    #expect(answer.code == 0)
    #expect(
      answer.remarks.contains(
        "ARBEX_KERNEL: arbex listens to no such variable; did you mean \"ARBEX_KERNELS\"?"))
  }

  @Test(
    "processes that were started together and do not share their work are told of it once",
    arguments: [
      ("recipe list", 0, 2, 1), ("recipe list", 1, 2, 0), ("recipe list", 0, 1, 0), ("sweep x", 0, 2, 0),
    ])
  func together(words: String, rank: Int, size: Int, count: Int) {
    nonisolated(unsafe) var remarks: [String] = []
    _ = CommandLineTool.run(
      words.split(separator: " ").map(String.init),
      output: CommandOutput(print: { _ in }, remark: { remarks.append($0) }),
      environment: ["OMPI_COMM_WORLD_SIZE": "\(size)", "OMPI_COMM_WORLD_RANK": "\(rank)"])
    #expect(remarks.count { $0.contains(": 2 processes were started together") } == count)
  }

  @Test(
    "the doctor says which kernels run and what can be forced",
    arguments: [
      (.avx512, .avx512, "AVX-512 (ARBEX_KERNELS can force avx2 or baseline)"),
      (.avx2, .avx2, "AVX2 (ARBEX_KERNELS can force baseline)"),
      (.baseline, .avx512, "baseline, forced by ARBEX_KERNELS; this CPU has AVX-512"),
      (.baseline, .baseline, "baseline"),
    ] as [(Kernels, Kernels, String)])
  func described(chosen: Kernels, best: Kernels, sentence: String) {
    #expect(KernelWord.description(chosen: chosen, best: best) == sentence)
  }

  @Test("this process runs the kernels it was told to, else the best")
  func obeyed() {
    let told = ProcessInfo.processInfo.environment[Kernels.variable].flatMap(Kernels.init(rawValue:))
    #expect(Kernels.chosen == (told.map(Kernels.best.runnable.contains) == true ? told : .best))
  }
}
