import Support
import TensorKit

/// ``ConvolutionBlock``s one after another.
///
/// Gives what they give one by one, with less memory: in training, a block's norm and activation are worked out where
/// the next one's convolution reads them, and again in the backward pass, so that only the convolutions' own results are
/// kept.
///
/// ## Shapes
/// as ``Convolution``, one after another
public struct ConvolutionChain {
  private let blocks: [ConvolutionBlock]

  /// - Precondition: at least one block.
  public init(_ blocks: ConvolutionBlock...) {
    require(!blocks.isEmpty, "a chain of no convolutions")
    self.blocks = blocks
  }

  /// See the type's shapes.
  /// - Parameter addend: of the result's shape; added before the last activation.
  public func callAsFunction(_ x: Tensor, adding addend: Tensor? = nil, _ pass: ForwardPass) -> Tensor {
    var map = UnfinishedMap(x)
    for block in blocks.dropLast() { map = block.unfinished(map, pass) }
    return blocks[blocks.count - 1].finished(map, adding: addend, pass)
  }
}

/// A map, and the norm and activation that whoever reads it has yet to apply.
struct UnfinishedMap {
  enum Activation {
    case none, relu
    case prelu(slope: Tensor)
  }

  let map: Tensor
  let norm: BatchNormalization?
  let activation: Activation

  init(_ map: Tensor, _ norm: BatchNormalization? = nil, _ activation: Activation = .none) {
    (self.map, self.norm, self.activation) = (map, norm, activation)
  }

  var isFinished: Bool { norm == nil && slope == nil }

  /// The activation's slope for negative numbers, `[C]`; nil where there is none.
  var slope: Tensor? {
    switch activation {
    case .none: nil
    case .relu: .zeros([map.shape[map.rank - 1]])
    case .prelu(let slope): slope
    }
  }

  /// - Parameter addend: added between norm and activation.
  func finished(adding addend: Tensor? = nil) -> Tensor {
    if addend == nil, norm != nil, let slope { return map.prelu(slope: slope, after: norm) }
    let sum = norm.map { map.normalized(by: $0, adding: addend) } ?? addend.map { map + $0 } ?? map
    switch activation {
    case .none: return sum
    case .relu: return sum.relu()
    case .prelu(let slope): return sum.prelu(slope: slope)
    }
  }
}
