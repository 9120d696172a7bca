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
    let result = SumOverShards.result(
      [outputs, 3, 3, inputs], rows: sizes.images, of: gradient, keeping: keeping)
    let sum = SumOverShards(sizes.images, of: gradient, into: result)
    withScratch(sum.spareCount * size) { spare in
      nonisolated(unsafe) let spare = spare
      for (shard, images) in sum.ranges.enumerated() {
        let place = { sum.target(of: $0, in: result.pointer, or: spare, size: size).pointer }
        let tiles = images.lowerBound * tilesPerImage..<images.upperBound * tilesPerImage
        kernelGradient(gradient, input, prologue, tiles) { values, range, stride in
          let start = range.lowerBound * 9 * inputs
          arbex_winograd_weight_gradient(
            tile, place(shard) + start, values, stride, inputs, 0, range.count)
          for addition in sum.additions(after: shard) {
            arbex_add_into(
              place(addition.into) + start, place(addition.from) + start, range.count * 9 * inputs)
          }
        }
      }
    }
    return result
  }

  /// Works out the gradient of the transformed kernel from some tiles.
  /// - Parameter use: is told of some outputs where the values of the first of them begin, and how many outputs lie in each
  ///   of the positions.
  private func kernelGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, _ tiles: Range<Int>,
    _ use: (_ values: UnsafeMutablePointer<Float>, _ outputs: Range<Int>, _ stride: Int) -> Void
  ) {
    let (inputs, outputs) = (sizes.window.channels, sizes.outputs)
    let run = min(tiles.count, max(256, (4 << 20) / (positions * (inputs + outputs))))
    withScratch(positions * run * (inputs + outputs)) { transformed in
      let parts = TransformedTiles(self, gradient, input, prologue, transformed, run: run)
      // Of few tiles the values of all outputs would be written and read more often than the tiles are.
      if tiles.count <= 128, positions * inputs * outputs > 1 << 18 {
        parts.transform(tiles)
        Parallel.forEachBlock(of: outputs, size: 12) { range in
          withScratch(positions * inputs * range.count) { values in
            for position in 0..<positions {
              parts.multiply(position, tiles.count, range, into: values + position * inputs * range.count)
            }
            use(values, range, range.count)
          }
        }
        return
      }
      withScratch(positions * inputs * outputs) { values in
        nonisolated(unsafe) let values = values
        for first in stride(from: tiles.lowerBound, to: tiles.upperBound, by: run) {
          let count = min(run, tiles.upperBound - first)
          parts.transform(first..<first + count)
          Parallel.forEach(positions) {
            parts.multiply(
              $0, count, 0..<outputs, into: values + $0 * inputs * outputs, isAdding: first > tiles.lowerBound
            )
          }
        }
        Parallel.forEachBlock(of: outputs, size: 16) { use(values + $0.lowerBound * inputs, $0, outputs) }
      }
    }
  }
}

/// Tiles of the input and of the gradient of a weight gradient, transformed in parts of at most 32, each `[positions, part,
/// channels]`.
private struct TransformedTiles {
  private static func part(of count: Int) -> Int { MatrixProduct.evenBlock(count, atMost: 32) }
  private let convolution: WinogradConvolution
  private let gradient, input: Tensor
  private let prologue: ConvolutionPrologue?
  private let ofInput, ofGradient: UnsafeMutablePointer<Float>

  /// - Parameter memory: for `run` tiles.
  init(
    _ convolution: WinogradConvolution, _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?,
    _ memory: UnsafeMutablePointer<Float>, run: Int
  ) {
    (self.convolution, self.gradient, self.input, self.prologue) = (convolution, gradient, input, prologue)
    ofInput = memory
    ofGradient = memory + convolution.positions * run * convolution.sizes.window.channels
  }

  private var inputs: Int { convolution.sizes.window.channels }
  private var outputs: Int { convolution.sizes.outputs }

  /// At most as many tiles as there is memory for.
  func transform(_ tiles: Range<Int>) {
    let (tile, positions, window) = (convolution.tile, convolution.positions, convolution.sizes.window)
    Parallel.forEachBlock(of: tiles.count, size: Self.part(of: tiles.count)) { range in
      let first = tiles.lowerBound + range.lowerBound
      arbex_winograd_input(
        tile, ofInput + positions * range.lowerBound * inputs, input.pointer,
        prologue?.kernelArgument ?? arbex_prologue(), window, first, range.count)
      arbex_winograd_gradient(
        tile, ofGradient + positions * range.lowerBound * outputs, gradient.pointer, window, outputs, first,
        range.count)
    }
  }

  /// The product over the first `count` tiles, for some outputs: `[outputs, inputs]`.
  func multiply(
    _ position: Int, _ count: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>,
    isAdding: Bool = false
  ) {
    let positions = convolution.positions, part = Self.part(of: count)
    for start in stride(from: 0, to: count, by: part) {
      let size = min(part, count - start), place = positions * start + position * size
      BLAS.multiply(
        BLAS.Matrix(
          pointer: ofGradient + place * outputs + range.lowerBound, stride: outputs, transposed: true),
        BLAS.Matrix(pointer: ofInput + place * inputs, stride: inputs), into: target, stride: inputs,
        rows: range.count, columns: inputs, depth: size, accumulating: isAdding || start > 0)
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
