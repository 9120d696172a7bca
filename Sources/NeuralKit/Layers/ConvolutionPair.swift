import Synchronization
import TensorKit

/// Two convolutions with nothing between them. Where nothing is recorded they are computed as one, if that takes fewer
/// multiply-adds (``ComposedConvolution``).
///
/// ## Shapes
/// as ``Convolution``, one after the other
public struct ConvolutionPair {
  private let first, second: Convolution
  private let cache = Cache()

  /// - Parameter second: takes the outputs of `first`.
  public init(_ first: Convolution, _ second: Convolution) { (self.first, self.second) = (first, second) }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard !x.isTracked, !first.isRecorded(by: pass), !second.isRecorded(by: pass) else {
      cache.forget()
      return second(first(x, pass), pass)
    }
    return cache.composed(first, second, size: Array(x.shape[1...2]))?(x, precision: pass.precision)
      ?? second(first(x, pass), pass)
  }

  /// Keeps the composed kernel while weights and maps stay the same.
  private final class Cache: Sendable {
    private struct State {
      var versions: [Int] = []
      var size: [Int] = []
      var composed: ComposedConvolution?
    }

    private let state = Mutex(State())

    /// Training changes the weights with every step: nothing is worth keeping.
    func forget() { state.withLock { $0 = State() } }

    func composed(_ first: Convolution, _ second: Convolution, size: [Int]) -> ComposedConvolution? {
      guard [first.groups, second.groups, first.dilation, second.dilation] == [1, 1, 1, 1] else { return nil }
      return state.withLock { state in
        let versions = first.versions + second.versions
        if state.versions != versions || state.size != size {
          let composed = ComposedConvolution(first.part, second.part, size: size)
          state = State(versions: versions, size: size, composed: composed)
        }
        return state.composed
      }
    }
  }
}

extension Convolution {
  fileprivate var versions: [Int] { [weight.version, bias?.version ?? 0] }
  fileprivate var part: ComposedConvolution.Part {
    ComposedConvolution.Part(weight: weight.value, bias: bias?.value, stride: stride, padding: padding)
  }
}
