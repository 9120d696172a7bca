import CKernels

/// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3), as ``WinogradConvolution``, whose transformed tiles and
/// weights are rounded to bfloat16 before the 36 products; both transforms stay in 32-bit floats.
///
/// The relative error of one convolution is about 1 %, with points chosen for it (see CKernels/BFloat16/winograd.h);
/// that of direct products in bfloat16 is 0.24 %, but those are as slow as Winograd's in 32-bit floats.
struct BFloat16WinogradConvolution: ConvolutionAlgorithm {
  let sizes: ConvolutionShape
  private let tiles: Int
  var name: StaticString { "convolution, Winograd, bf16" }
  var packing: WeightPacking { .bfloat16Winograd }

  /// - Returns: nil where the algorithm does not apply.
  init?(_ sizes: ConvolutionShape) {
    guard let winograd = WinogradConvolution(sizes, inTraining: false) else { return nil }
    (self.sizes, tiles) = (sizes, winograd.tiles)
  }

  private var inputs: Int { sizes.window.channels }
  private var outputs: Int { sizes.outputs }
  /// Tiles whose values are worked out at once: two blocks of rows of the matrix product.
  private static let block = 24
  /// Floats that a tile's values take: the input's in half the memory of the products.
  private var floatsPerTile: Int { 36 * (inputs / 2 + outputs) }

  /// The transformed kernel: 36 matrices `[inputs, outputs]` in panels.
  func packed(_ weight: Tensor) -> Tensor {
    let kernel = Tensor(uninitialized: [36, BFloat16Matrix.packedFloats(columns: outputs, depth: inputs)])
    let target = BFloat16Matrix(kernel.pointer, columns: inputs)
    Parallel.forEachBlock(of: outputs, size: BFloat16Matrix.panel) {
      arbex_bf16_winograd_weight(target.pointer, weight.pointer, outputs, inputs, $0.lowerBound, $0.count)
    }
    return kernel
  }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let result = Tensor(uninitialized: [sizes.images, sizes.window.outHeight, sizes.window.outWidth, outputs])
    // The values of a few tiles stay in a core's own cache, while the kernel's 36 matrices pass by once for each block.
    // Where that makes few blocks, all tiles are one, which the threads share.
    let block = tiles > 8 * Self.block ? Self.block : tiles
    Parallel.forEachBlock(of: tiles, size: block) { range in
      withScratch(range.count * floatsPerTile) {
        compute(range, input, kernel, prologue, epilogue, result, $0)
      }
    }
    return result
  }

  /// Transforms the input, makes the 36 products and transforms the output of some tiles, on one thread or on all. All
  /// tiles of a position are multiplied at once, so that each of the 36 matrices is read once; tiles lie in parts.
  private func compute(
    _ tiles: Range<Int>, _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?,
    _ epilogue: ConvolutionEpilogue, _ result: Tensor, _ scratch: UnsafeMutablePointer<Float>
  ) {
    nonisolated(unsafe) let scratch = scratch
    let size = tiles.count <= 16 ? 8 : 12
    func values(_ part: Range<Int>) -> UnsafeMutablePointer<UInt16> {
      BFloat16Matrix(scratch + part.lowerBound * floatsPerTile, columns: inputs).pointer
    }
    func products(_ part: Range<Int>) -> UnsafeMutablePointer<Float> {
      scratch + part.lowerBound * floatsPerTile + 36 * part.count * inputs / 2
    }
    Parallel.forEachBlock(of: tiles.count, size: size) {
      arbex_bf16_winograd_input(
        values($0), input.pointer, prologue?.kernelArgument ?? arbex_prologue(), sizes.window,
        tiles.lowerBound + $0.lowerBound, $0.count)
    }
    Parallel.forEach(36) { position in
      let right = BFloat16Matrix(kernel.pointer + position * kernel.shape[1], columns: inputs).pointer
      for first in stride(from: 0, to: tiles.count, by: size) {
        let part = first..<min(first + size, tiles.count)
        arbex_bf16_multiply(
          values(part) + position * part.count * inputs, inputs, right,
          products(part) + position * part.count * outputs, outputs, part.count, outputs, inputs, 1)
      }
    }
    Parallel.forEachBlock(of: tiles.count, size: size) {
      arbex_bf16_winograd_output(
        result.pointer, products($0), epilogue.kernelArgument(), sizes.window, outputs,
        tiles.lowerBound + $0.lowerBound, $0.count)
    }
  }
}
