import ARBEx

/// Makes an image darker by a random factor.
final class Dim: Augmentation {
  struct Options: ComponentOptions {
    @Option("The smallest factor.", 0...1) var least: Float = 0.5
  }

  private let least: Float

  init(_ options: Options) { least = options.least }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    let factor = least + (1 - least) * random.uniform()
    for index in image.pixels.indices { image.pixels[index] *= factor }
  }
}

/// Another half of the samples in every epoch.
final class Half: Sampler {
  typealias Options = NoOptions

  init(_ options: NoOptions) {}

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return Array(random.shuffled(Array(samples.indices)).prefix((samples.count + 1) / 2))
  }
}

/// Moves every weight by the learning rate, against the sign of its gradient.
package final class SignDescent: Optimizer {
  package struct Options: ComponentOptions {
    @Option("How far a weight moves in a step.", above: 0) package var learningRate: Float = 1e-3

    package init() {}
  }

  package let learningRate: Float
  package var state = OptimizerState()

  package init(_ options: Options) { learningRate = options.learningRate }

  package func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) {
    for parameter in parameters where parameter.isTrainable {
      guard let gradient = parameter.gradient else { continue }
      let rate = learningRate * parameter.learningRateScale
      let signs = gradient.values.map { $0 > 0 ? rate : $0 < 0 ? -rate : 0 }
      parameter.value = parameter.value - Tensor(parameter.shape, signs)
    }
  }
}

/// The rate falls in a straight line to nothing.
package struct StraightSchedule: Schedule {
  package typealias Options = NoOptions

  package let warmup = 0.0

  package init(_ options: NoOptions) {}

  package func factor(at position: Double, of epochs: Double) -> Double { max(0, 1 - position / epochs) }
}
