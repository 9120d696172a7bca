import CKernels

/// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016): each 4x4 tile of
/// the output costs 36 multiplications per pair of channels instead of 144, done as 36 matrix products over
/// tiles. The relative error is about 2e-6. F(5x5, 3x3) takes 49 for 5x5 outputs, at 4e-6.
struct WinogradConvolution: DifferentiableConvolution {
  let sizes: ConvolutionShape
  /// Outputs of a tile's side, 4 or 5.
  let tile: Int
  var name: StaticString { "convolution, Winograd" }
  var packing: WeightPacking { .winograd(tile: tile) }
  /// Multiplications of a tile, each a matrix product over all of them.
  fileprivate var positions: Int { (tile + 2) * (tile + 2) }

  /// - Parameter inTraining: tiles of 5x5 are taken where they waste less of the map's edge. For few images they are no
  ///   gain, since reading the transformed kernel then takes longer than the products; and a prediction must not
  ///   depend on how many images come with it.
  /// - Returns: nil where the algorithm does not apply or would waste too much of its tiles.
  init?(_ sizes: ConvolutionShape, inTraining: Bool) {
    let window = sizes.window
    guard window.kernelHeight == 3, window.kernelWidth == 3, window.stride == 1, window.dilation == 1,
      window.padding <= 2, sizes.groups == 1,
      window.channels % 16 == 0, sizes.outputs % 16 == 0, window.outHeight * window.outWidth >= 9
    else { return nil }
    self.sizes = sizes
    tile = inTraining && Self.cost(window, tile: 5) < Self.cost(window, tile: 4) ? 5 : 4
  }

  private static func tilesPerImage(_ window: arbex_window, tile: Int) -> Int {
    (window.outHeight + tile - 1) / tile * ((window.outWidth + tile - 1) / tile)
  }
  private static func cost(_ window: arbex_window, tile: Int) -> Int {
    tilesPerImage(window, tile: tile) * (tile + 2) * (tile + 2)
  }

  private var tilesPerImage: Int { Self.tilesPerImage(sizes.window, tile: tile) }
  var tiles: Int { sizes.images * tilesPerImage }

  /// The transformed kernel, a packed matrix `[inputs, outputs]` for each position.
  func packed(_ weight: Tensor) -> Tensor {
    let (inputs, outputs) = (sizes.window.channels, sizes.outputs)
    let kernel = Tensor(uninitialized: [positions, BLAS.packedCount(columns: outputs, depth: inputs)])
    Parallel.forEachBlock(of: outputs, size: 16) {
      arbex_winograd_weight(
        tile, kernel.pointer, weight.pointer, outputs, inputs, BLAS.panelColumns(outputs), $0.lowerBound,
        $0.count)
    }
    return kernel
  }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let result = Tensor(uninitialized: [
      sizes.images, sizes.window.outHeight, sizes.window.outWidth, sizes.outputs,
    ])
    let parts = TileParts(self, input, kernel, prologue, epilogue, result)
    // Tiles of few channels go through all steps in one thread, as many as fit its own cache (1 MiB).
    let block = min(36, (225 << 10) / (positions * (parts.inputs + parts.outputs)) / 12 * 12)
    if block >= 24 {
      Parallel.forEachBlock(of: tiles, size: block) { parts.computeAlone($0) }
      return result
    }
    // Of others, runs of equal length whose values (12 MiB) fit the cache that all cores share.
    let fitting = max(96, (3 << 20) / (positions * (parts.inputs + parts.outputs)))
    let runs = (tiles + fitting - 1) / fitting, run = (tiles + runs - 1) / runs
    withScratch(positions * run * (parts.inputs + parts.outputs)) { scratch in
      for first in stride(from: 0, to: tiles, by: run) {
        parts.compute(first..<min(first + run, tiles), scratch)
      }
    }
    return result
  }

  /// A convolution of the gradient with the kernel rotated by 180 degrees, inputs and outputs exchanged.
  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let window = sizes.window, (inputs, outputs) = (window.channels, sizes.outputs)
    let backward = WinogradConvolution(
      ConvolutionShape(
        input: gradient.shape, weight: [inputs, 3, 3, outputs], stride: 1, padding: 2 - window.padding,
        groups: 1),
      inTraining: tile == 5)
    guard let backward else { return PatchConvolution(sizes).inputGradient(gradient, weight) }
    let kernel = Tensor(uninitialized: [
      backward.positions, BLAS.packedCount(columns: inputs, depth: outputs),
    ])
    Parallel.forEachBlock(of: outputs, size: 16) {
      arbex_winograd_turned_weight(
        backward.tile, kernel.pointer, weight.pointer, outputs, inputs, BLAS.panelColumns(inputs),
        $0.lowerBound, $0.count)
    }
    return backward.forward(gradient, kernel, nil, ConvolutionEpilogue())
  }

  /// The gradient of the transformed kernel is a product over a shard's tiles for each of the positions.
  func weightGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, keeping: Bool
  ) -> Tensor {
    let (inputs, outputs) = (sizes.window.channels, sizes.outputs), size = 9 * inputs * outputs
    let result = SumOverShards.result([outputs, 3, 3, inputs], rows: sizes.images, of: gradient, keeping: keeping)
    let sum = SumOverShards(sizes.images, of: gradient, into: result)
    withScratch(positions * inputs * outputs + sum.spareCount * size) { scratch in
      nonisolated(unsafe) let (values, spare) = (scratch, scratch + positions * inputs * outputs)
      for (shard, images) in sum.ranges.enumerated() {
        multiply(
          gradient, input, prologue, images.lowerBound * tilesPerImage..<images.upperBound * tilesPerImage,
          into: values)
        let target = sum.target(of: shard, in: result.pointer, or: spare, size: size).pointer
        Parallel.forEachBlock(of: outputs, size: 16) { range in
          arbex_winograd_weight_gradient(
            tile, target, values, outputs, inputs, range.lowerBound, range.count)
          let start = range.lowerBound * 9 * inputs
          for addition in sum.additions(after: shard) {
            arbex_add_into(
              sum.target(of: addition.into, in: result.pointer, or: spare, size: size).pointer + start,
              sum.target(of: addition.from, in: result.pointer, or: spare, size: size).pointer + start,
              range.count * 9 * inputs)
          }
        }
      }
    }
    return result
  }

  /// For each position the product over some tiles, `[positions, outputs, inputs]`. Tiles are taken in runs that fit the
  /// cache; within a run each position is a piece of work.
  private func multiply(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, _ tiles: Range<Int>,
    into values: UnsafeMutablePointer<Float>
  ) {
    let window = sizes.window, (inputs, outputs) = (window.channels, sizes.outputs)
    let run = min(tiles.count, max(256, (4 << 20) / (positions * (inputs + outputs))))
    nonisolated(unsafe) let values = values
    withScratch(positions * run * (inputs + outputs)) { scratch in
      nonisolated(unsafe) let (scratch, kernel) = (scratch, scratch + positions * run * inputs)
      for first in stride(from: tiles.lowerBound, to: tiles.upperBound, by: run) {
        let count = min(run, tiles.upperBound - first), part = 32
        // Parts of a run are transformed side by side: each is [positions][part, channels].
        Parallel.forEachBlock(of: count, size: part) { range in
          arbex_winograd_input(
            tile, scratch + positions * range.lowerBound * inputs, input.pointer,
            prologue?.kernelArgument ?? arbex_prologue(), window, first + range.lowerBound, range.count)
          arbex_winograd_gradient(
            tile, kernel + positions * range.lowerBound * outputs, gradient.pointer, window,
            outputs, first + range.lowerBound, range.count)
        }
        Parallel.forEach(positions) { position in
          for start in stride(from: 0, to: count, by: part) {
            let size = min(part, count - start)
            BLAS.multiply(
              BLAS.Matrix(
                pointer: kernel + (positions * start + position * size) * outputs, stride: outputs,
                transposed: true),
              BLAS.Matrix(pointer: scratch + (positions * start + position * size) * inputs, stride: inputs),
              into: values + position * inputs * outputs, stride: inputs, rows: outputs,
              columns: inputs, depth: size, accumulating: first + start > tiles.lowerBound)
          }
        }
      }
    }
  }
}

/// The three steps of a Winograd convolution over some of its tiles: transform the input, multiply, transform the
/// output.
private struct TileParts {
  let inputs, outputs: Int
  private let tile, positions: Int
  private let window: arbex_window
  private let input, kernel, result: Tensor
  private let prologue: ConvolutionPrologue?
  private let epilogue: ConvolutionEpilogue

  init(
    _ convolution: WinogradConvolution, _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?,
    _ epilogue: ConvolutionEpilogue, _ result: Tensor
  ) {
    (inputs, outputs) = (convolution.sizes.window.channels, convolution.sizes.outputs)
    (tile, positions) = (convolution.tile, convolution.positions)
    window = convolution.sizes.window
    (self.input, self.kernel, self.result, self.prologue, self.epilogue) = (
      input, kernel, result, prologue, epilogue
    )
  }

  /// One thread does everything for some tiles.
  func computeAlone(_ tiles: Range<Int>) {
    withScratch(positions * tiles.count * (inputs + outputs)) { scratch in
      transformInput(tiles, scratch)
      for position in 0..<positions { multiply(position, tiles.count, scratch) }
      transformOutput(tiles, scratch)
    }
  }

  /// All tiles of a position are multiplied at once, so that each of the kernel's matrices is read once and by one
  /// thread. The transformed tiles lie in parts, one after another.
  func compute(_ tiles: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
    nonisolated(unsafe) let scratch = scratch
    let size = tiles.count <= 16 ? 8 : 12
    func part(_ range: Range<Int>) -> UnsafeMutablePointer<Float> {
      scratch + positions * range.lowerBound * (inputs + outputs)
    }
    func shifted(_ range: Range<Int>) -> Range<Int> {
      tiles.lowerBound + range.lowerBound..<tiles.lowerBound + range.upperBound
    }
    Parallel.forEachBlock(of: tiles.count, size: size) { transformInput(shifted($0), part($0)) }
    Parallel.forEach(positions) { position in
      for first in stride(from: 0, to: tiles.count, by: size) {
        let range = first..<min(first + size, tiles.count)
        multiply(position, range.count, part(range))
      }
    }
    Parallel.forEachBlock(of: tiles.count, size: size) { transformOutput(shifted($0), part($0)) }
  }

  private func transformInput(_ range: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
    arbex_winograd_input(
      tile, scratch, input.pointer, prologue?.kernelArgument ?? arbex_prologue(), window, range.lowerBound,
      range.count)
  }

  private func multiply(_ position: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Float>) {
    BLAS.multiply(
      BLAS.Matrix(pointer: scratch + position * count * inputs, stride: inputs),
      BLAS.packed(kernel.pointer + position * (kernel.count / positions), columns: outputs, depth: inputs),
      into: scratch + positions * count * inputs + position * count * outputs, stride: outputs, rows: count,
      columns: outputs, depth: inputs)
  }

  private func transformOutput(_ range: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
    arbex_winograd_output(
      tile, result.pointer, scratch + positions * range.count * inputs, epilogue.kernelArgument(), window,
      outputs, range.lowerBound, range.count)
  }
}
