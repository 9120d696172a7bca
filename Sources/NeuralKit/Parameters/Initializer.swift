import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Where the first value of a parameter comes from.
public enum Initializer: Sendable, Equatable {
  case zeros
  case ones
  case constant(Float)
  /// Normal, mean 0.
  case normal(deviation: Float)
  /// Normal, mean 0, drawn again beyond two deviations.
  case truncatedNormal(deviation: Float)
  /// Uniform in -bound ..< bound.
  case uniform(bound: Float)
  /// Uniform in ±1/√fanIn: what PyTorch gives convolutions, linear layers and their biases.
  case pytorchDefault(fanIn: Int)
  /// Normal with deviation √(2 / fanOut) (He et al. 2015), fanOut = kernel positions times outputs.
  case kaimingNormalFanOut

  /// A tensor of that shape. Weights have their outputs on the first axis.
  package func make(shape: [Int], random: RandomSource) -> Tensor {
    var random = random
    let fanOut = (shape.first ?? 1) * (shape.count == 4 ? shape[1] * shape[2] : 1)
    switch self {
    case .zeros: return .zeros(shape)
    case .ones: return .ones(shape)
    case .constant(let value): return .full(shape, value)
    case .normal(let deviation): return Self.filled(shape) { random.normal() * deviation }
    case .truncatedNormal(let deviation):
      return Self.filled(shape) {
        var value = random.normal()
        while abs(value) > 2 { value = random.normal() }
        return value * deviation
      }
    case .uniform(let bound): return Self.filled(shape) { (2 * random.uniform() - 1) * bound }
    case .pytorchDefault(let fanIn):
      let bound = 1 / Float(max(fanIn, 1)).squareRoot()
      return Self.filled(shape) { (2 * random.uniform() - 1) * bound }
    case .kaimingNormalFanOut:
      let deviation = (2 / Float(max(fanOut, 1))).squareRoot()
      return Self.filled(shape) { random.normal() * deviation }
    }
  }

  private static func filled(_ shape: [Int], _ draw: () -> Float) -> Tensor {
    Tensor(shape) { buffer in for index in buffer.indices { buffer[index] = draw() } }
  }
}
