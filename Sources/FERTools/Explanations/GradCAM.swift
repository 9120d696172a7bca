import TensorKit

/// Which places of a feature map speak for a class: gradient-weighted class activation.
///
///     α_k = 1/Z Σ_ij ∂y/∂A_ij^k              equation 1
///     L   = ReLU(Σ_k α_k A^k)                equation 2
///
/// A are the maps of one level, k its channels, Z its places, y the score of the class. The gradient is that of
/// all ways from the map to the score, through later levels too.
///
/// Source: Selvaraju et al. 2017, Grad-CAM, arXiv:1610.02391.
enum GradCAM {
  /// The sum of equation 2 before the ReLU, for several runs over one image to be added up.
  ///
  /// ## Shapes
  /// map and gradient `[N, h, w, C]` -> `[N, h, w]`
  static func weightedSum(of map: Tensor, gradient: Tensor) -> Tensor {
    let (shape, map, gradient) = (map.shape, map.detached, gradient.detached)
    let places = [shape[0], shape[1] * shape[2], shape[3]]
    let weights = gradient.reshaped(places).mean(along: 1, keepingDimensions: true)  // [N, 1, C]
    return (map.reshaped(places) * weights).sum(along: 2).reshaped(Array(shape[..<3]))
  }
}
