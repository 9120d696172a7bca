import Synchronization
import TensorKit

/// Keeps a layer's weights in the form that the computation takes, from their second use on: who predicts once
/// should not hold them twice.
final class KernelCache: Sendable {
  private struct State {
    var version = -1
    var kernel: ConvolutionKernel?
  }

  private let state = Mutex(State())

  /// Training changes the weights with every step: nothing is worth keeping.
  func forget() { state.withLock { $0 = State() } }

  func kernel(of weight: Parameter) -> ConvolutionKernel {
    state.withLock { state in
      if state.version == weight.version, let kernel = state.kernel { return kernel }
      let kernel = ConvolutionKernel(weight.value)
      state = State(version: weight.version, kernel: state.version == weight.version ? kernel : nil)
      return kernel
    }
  }
}
