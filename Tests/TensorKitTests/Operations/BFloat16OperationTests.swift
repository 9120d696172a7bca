import TensorKit
import TestSupport
import Testing

/// What bfloat16 costs. Numbers in 1 ... 2 lie 2⁻⁷ apart (8 bits of significand), so rounding errs by at most 2⁻⁸ and, evenly
/// spread, by 2⁻⁷ / √12 = 0.23 % in root mean square; relative to a number of any size (1 / m² is 0.54 in the mean where
/// log m is evenly spread) by 0.23 % √0.54 = 0.17 %. A sum of many products of two such numbers, whose signs are random, has
/// 0.17 % √2 = 0.24 %. Allowed is 0.4 %. Winograd's transforms magnify it to 1.1 % (see CKernels/BFloat16/winograd.h, worked out
/// apart from this code); allowed is 1.5 %.
@Suite("Operations in bfloat16 lie near those in 32-bit floats", .enabled(if: hasBFloat16, bfloat16Lack))
struct BFloat16OperationTests {
  private func tensor(_ name: String, _ shape: [Int]) -> Tensor {
    Tensor(shape, uniform(name, shape.reduce(1, *)))
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var side, inputs, outputs, kernel, stride, padding, groups: Int
    var allowed: Double
    var testDescription: String {
      "\(inputs) to \(outputs), \(kernel)x\(kernel), stride \(stride), groups \(groups)"
    }
  }

  @Test(
    "convolutions, with what surrounds them",
    arguments: [
      // Winograd
      Case(side: 14, inputs: 64, outputs: 48, kernel: 3, stride: 1, padding: 1, groups: 1, allowed: 0.015),
      Case(side: 7, inputs: 256, outputs: 272, kernel: 3, stride: 1, padding: 1, groups: 1, allowed: 0.015),
      // patches
      Case(side: 9, inputs: 32, outputs: 40, kernel: 3, stride: 2, padding: 1, groups: 1, allowed: 0.004),
      Case(side: 8, inputs: 18, outputs: 7, kernel: 2, stride: 2, padding: 0, groups: 1, allowed: 0.004),
      // 1x1
      Case(side: 6, inputs: 33, outputs: 130, kernel: 1, stride: 1, padding: 0, groups: 1, allowed: 0.004),
      // in floats
      Case(side: 8, inputs: 3, outputs: 16, kernel: 3, stride: 1, padding: 1, groups: 1, allowed: 0),
      // depthwise
      Case(side: 8, inputs: 16, outputs: 16, kernel: 3, stride: 1, padding: 1, groups: 16, allowed: 0),
    ])
  func convolution(sizes: Case) {
    let x = tensor("x", [3, sizes.side, sizes.side, sizes.inputs])
    let kernel = ConvolutionKernel(
      tensor("w", [sizes.outputs, sizes.kernel, sizes.kernel, sizes.inputs / sizes.groups]))
    let prologue = ConvolutionPrologue(
      gain: tensor("pg", [sizes.inputs]) + 2, offset: tensor("po", [sizes.inputs]))
    func run(_ x: Tensor, _ precision: Precision, _ addend: Tensor?) -> Tensor {
      var epilogue = ConvolutionEpilogue()
      (epilogue.gain, epilogue.offset) = (tensor("g", [sizes.outputs]), tensor("o", [sizes.outputs]))
      (epilogue.addend, epilogue.slope) = (addend, tensor("s", [sizes.outputs]))
      return x.convolved(
        kernel: kernel, stride: sizes.stride, padding: sizes.padding, groups: sizes.groups,
        prologue: prologue,
        epilogue: epilogue, precision: precision)
    }
    let addend = tensor("a", run(x, .float32, nil).shape)
    let found = run(x, .bfloat16, addend)
    expectRelativeNorm(found, run(x, .float32, addend), atMost: sizes.allowed, "\(sizes)")

    let alone = run(
      x.sliced(along: 0, from: 1, count: 1), .bfloat16, addend.sliced(along: 0, from: 1, count: 1))
    #expect(
      alone.values == found.sliced(along: 0, from: 1, count: 1).values, "alone and in a batch: the same bits")
  }

  /// Apart 435 thousand multiply-adds, as one 339.
  @Test("two convolutions that are computed as one")
  func composed() throws {
    func part(_ name: String, _ inputs: Int) -> ComposedConvolution.Part {
      ComposedConvolution.Part(
        weight: tensor(name, [48, 3, 3, inputs]), bias: tensor(name + " bias", [48]), stride: 2, padding: 1)
    }
    let composed = try #require(ComposedConvolution(part("w1", 16), part("w2", 48), size: [12, 12]))
    let x = tensor("x", [2, 12, 12, 16])
    let found = try #require(composed(x, precision: .bfloat16)), exact = try #require(composed(x))
    expectRelativeNorm(found, exact, atMost: 0.004, "composed")
    #expect(found.values != exact.values, "in bfloat16")
  }

  @Test("linear layers", arguments: [(1, 5, 3), (16, 768, 1000), (700, 100, 33)])
  func linear(rows: Int, inputs: Int, outputs: Int) {
    let x = tensor("x", [rows, inputs]), weight = tensor("w", [outputs, inputs]),
      bias = tensor("b", [outputs])
    let kernel = ConvolutionKernel(weight)
    let found = x.linear(kernel: kernel, bias: bias, precision: .bfloat16)
    expectRelativeNorm(found, x.linear(weight: weight, bias: bias), atMost: 0.004, "linear")
    let last = x.sliced(along: 0, from: rows - 1, count: 1).linear(
      kernel: kernel, bias: bias, precision: .bfloat16)
    #expect(last.values == found.sliced(along: 0, from: rows - 1, count: 1).values)
  }

  /// Numbers of variance 4/3 make scores of that deviation, which err by 0.24 % of it, 0.0032: so do, as a share, the
  /// attention weights. Rounding them and the values adds 0.17 % each: √(0.32² + 2 · 0.17²) % = 0.4 %. Softmax favours the
  /// large scores, which err more: allowed is 1 %.
  @Test("attention, alone and in a batch")
  func attention() {
    let all = tensor("x", [3, 50, 3 * 40]) * 2
    let exact = Tensor.selfAttention(all, heads: 4)
    let found = Tensor.selfAttention(all, heads: 4, precision: .bfloat16)
    expectRelativeNorm(found, exact, atMost: 0.01, "self-attention")
    let alone = Tensor.selfAttention(
      all.sliced(along: 0, from: 2, count: 1), heads: 4, precision: .bfloat16)
    #expect(alone.values == found.sliced(along: 0, from: 2, count: 1).values)
    let (query, both, bias) = (tensor("q", [2, 9, 6]), tensor("kv", [4, 9, 12]), tensor("bias", [2, 9, 9]))
    expectRelativeNorm(
      Tensor.attention(query: query, keysAndValues: both, heads: 2, bias: bias, precision: .bfloat16),
      Tensor.attention(query: query, keysAndValues: both, heads: 2, bias: bias), atMost: 0.01, "with a bias")
  }
}

@Suite("Precision")
struct PrecisionTests {
  @Test(
    "what is missing is said in words",
    arguments: [
      (true, .avx512, .avx512, nil),
      (false, .avx512, .avx512, "this CPU has no AVX512-BF16 (avx512_bf16)"),
      (false, .avx2, .avx2, "this CPU has no AVX-512 (avx512f, avx512bw, avx512cd, avx512dq, avx512vl)"),
      (true, .avx512, .avx2, "it needs the AVX-512 kernels, and ARBEX_KERNELS forces avx2"),
    ] as [(Bool, Kernels, Kernels, String?)])
  func obstacle(cpuHasIt: Bool, best: Kernels, chosen: Kernels, sentence: String?) {
    #expect(Precision.bfloat16.obstacle(cpuHasIt: cpuHasIt, best: best, chosen: chosen) == sentence)
    #expect(Precision.float32.obstacle(cpuHasIt: cpuHasIt, best: best, chosen: chosen) == nil)
  }
}
