import TensorKit

extension Targets {
  /// What a distribution should be `[N, C]`: the given one, or all on the label; then `smoothing` of it is
  /// spread evenly over all classes.
  public func distribution(classCount: Int, smoothing: Float) -> Tensor {
    (distribution ?? oneHot(classCount)) * (1 - smoothing) + smoothing / Float(classCount)
  }

  private func oneHot(_ classCount: Int) -> Tensor {
    var values = [Float](repeating: 0, count: labels.count * classCount)
    for (row, label) in labels.enumerated() { values[row * classCount + label] = 1 }
    return Tensor([labels.count, classCount], values)
  }
}
