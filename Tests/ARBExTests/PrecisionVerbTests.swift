import FERCore
import Foundation
import TensorKit
import TestSupport
import Testing

@testable import ARBEx

@Suite("--precision", .serialized)
struct PrecisionVerbTests {
  private static let quickstart = ShippedRecipe.path("quickstart")

  @Test(
    "a word that is no precision, or one that cannot be had, ends with 2 and says what is missing",
    arguments: [
      ("bf61", "arbex: --precision: there is no precision \"bf61\"; did you mean \"bf16\"?"),
      (
        "bf16",
        "arbex: --precision bf16 cannot be had here: this CPU has no AVX512-BF16 (avx512_bf16); use float32, which runs everywhere"
      ),
    ])
  func refused(word: String, sentence: String) {
    for words in [["bench", "r.json5"], ["eval", "runs/none"], ["predict", "runs/none", Self.quickstart]] {
      nonisolated(unsafe) var remarks = ""
      let code = CommandLineTool.run(
        words + ["--precision", word], output: CommandOutput(print: { _ in }, remark: { remarks += $0 }),
        obstacle: { $0.obstacle(cpuHasIt: false, best: .avx512, chosen: .avx512) })
      #expect(code == 2)
      #expect(remarks.split(separator: "\n").first.map(String.init) == sentence, "\(words)")
    }
  }

  @Test("the doctor says whether bf16 is there")
  func doctor() {
    #expect(PrecisionWord.description(obstacle: nil) == "there, by --precision bf16")
    #expect(PrecisionWord.description(obstacle: "no") == "cannot be had: no")
    #expect(arbex("doctor").output.contains(PrecisionWord.description(obstacle: Precision.bfloat16.obstacle)))
  }

  @Test(
    "a model of quickstart's size predicts nearly the same, and bench tells how nearly and how fast",
    .enabled(if: Precision.bfloat16.obstacle == nil, "needs AVX512-BF16 and the AVX-512 kernels"))
  func bench() throws {
    let told = arbex("bench", Self.quickstart, "--batch", "8", "--reps", "1", "--precision", "bf16", "--json")
    #expect(told.code == 0)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
    let precision = try #require(json["precision"] as? [String: Any])
    #expect(precision["name"] as? String == "bf16" && precision["images"] as? Int == 8)
    let number = { (key: String) in try #require(precision[key] as? Double, "\(key)") }
    #expect(try number("largest_difference") < 1e-2)
    #expect(try number("mean_difference") <= number("largest_difference"))
    #expect(try number("top1_agreement") >= 0.85)
    #expect(try number("embedding_error") < 0.02)
    #expect(try number("speed_ratio") > 0 && number("float32_infer_ms_per_image") > 0)
  }
}
