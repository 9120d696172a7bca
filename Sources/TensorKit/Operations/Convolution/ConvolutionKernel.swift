import Synchronization

/// The weights of a convolution or a linear layer, kept in the form that the computation takes them in: for weights that
/// serve many times.
package final class ConvolutionKernel: Sendable {
  let weight: Tensor
  private let forms = Mutex<[WeightPacking: Tensor]>([:])

  /// - Parameter weight: as ``Tensor/convolved(weight:bias:stride:padding:dilation:groups:)`` or ``Tensor/linear(weight:bias:)``
  ///   takes it.
  package init(_ weight: Tensor) { self.weight = weight.detached }

  func packed(for algorithm: any ConvolutionAlgorithm) -> Tensor {
    let packing = algorithm.packing
    if let form = forms.withLock({ $0[packing] }) { return form }
    let form = algorithm.packed(weight)
    forms.withLock { $0[packing] = form }
    return form
  }
}
