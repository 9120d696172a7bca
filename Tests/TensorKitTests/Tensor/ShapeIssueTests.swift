import TestSupport
import Testing

@testable import TensorKit

/// What a programmer's slip reads like: the operation, what it was given, what it takes.
@Suite("Shape issues")
struct ShapeIssueTests {
  @Test("shapes that do not fit are told, those that fit are not")
  func sentences() {
    #expect(
      Tensor.matmulIssue([2, 3], [4, 5], false)?.description
        == "matmul: [2, 3] times [4, 5] does not fit [..., M, K] times [..., K, N]")
    #expect(
      Tensor.matmulIssue([3], [3, 2], false)?.description == "matmul: [3] times [3, 2] does not fit matrices")
    #expect(Tensor.matmulIssue([2, 3], [4, 3], true) == nil)
    #expect(
      BatchNormalization.issue([8, 4], [3], [3])?.description
        == "batch norm: [8, 4] does not fit scale [3], offset [3]")
    #expect(
      Attention.issue([1, 2, 6], [3, 5, 6], [3, 5, 6], 4, nil)?.description
        == "attention: query [1, 2, 6], key [3, 5, 6], value [3, 5, 6], bias [], 4 heads does not fit "
        + "heads that divide D, and B a multiple of Bq")
  }

  @Test("a convolution tells rank, channels and a map that is too small")
  func convolution() {
    func issue(_ input: [Int], _ weight: [Int], groups: Int = 1) -> String? {
      ConvolutionShape.issue(
        input: input, weight: weight, stride: 1, padding: 0, dilation: 1, groups: groups)?.description
    }
    let end = "stride 1, padding 0, dilation 1, groups 1 does not fit"
    #expect(
      issue([5, 5, 3], [8, 3, 3, 3])
        == "convolution: [5, 5, 3] with kernel [8, 3, 3, 3], \(end) [N, H, W, C] with [out, height, width, in / groups]"
    )
    #expect(
      issue([1, 5, 5, 4], [8, 3, 3, 3])
        == "convolution: [1, 5, 5, 4] with kernel [8, 3, 3, 3], \(end) 4 channels in 1 groups")
    #expect(
      issue([1, 2, 5, 3], [8, 3, 3, 3])
        == "convolution: [1, 2, 5, 3] with kernel [8, 3, 3, 3], \(end) a map of at least the kernel's size")
    #expect(issue([1, 5, 5, 4], [8, 3, 3, 2], groups: 2) == nil)
  }

  #if compiler(>=6.2)  // the first with exit tests
    @Test("the process ends with the sentence on standard error, in every build")
    func spoken() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Tensor([2, 3], [1, 2, 3, 4, 5, 6]).reshaped([4, 2])
      }
      let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(text.contains("reshape: [2, 3] does not fit [4, 2]"))
    }
  #endif
}
