import CKernels

extension Tensor {
  /// Bilinear interpolation; pixel centres, not corners, are aligned (PyTorch's `align_corners=False`).
  ///
  /// ## Shapes
  /// `[N, H, W, C]` → `[N, height, width, C]`
  public func resized(height: Int, width: Int) -> Tensor {
    require(
      rank == 4 && height >= 1 && width >= 1 && count > 0
        ? nil : ShapeIssue("resize", "\(shape)", "[N, \(height), \(width), C]"))
    let rows = Interpolation.taps(from: shape[1], to: height),
      columns = Interpolation.taps(from: shape[2], to: width)
    let original = shape, channels = shape[3]
    let result = Tensor.zeros([original[0], height, width, channels])
    let source = pointer
    // Every output pixel is a weighted sum of four input pixels.
    let visit = { (image: Int, use: (_ small: Int, _ large: Int, _ weight: Float) -> Void) in
      for (y, row) in rows.enumerated() {
        for (x, column) in columns.enumerated() {
          let target = ((image * height + y) * width + x) * channels
          for (inputRow, rowWeight) in [(row.first, row.firstWeight), (row.second, 1 - row.firstWeight)] {
            for (inputColumn, weight) in [
              (column.first, column.firstWeight), (column.second, 1 - column.firstWeight),
            ] {
              use(
                ((image * original[1] + inputRow) * original[2] + inputColumn) * channels, target,
                rowWeight * weight)
            }
          }
        }
      }
    }
    Parallel.forEach(original[0]) { image in
      visit(image) { arbex_scale_add_into(result.pointer + $1, source + $0, $2, channels) }
    }
    return result.recorded(from: [self]) { gradient in
      let spread = Tensor.zeros(original)
      Parallel.forEach(original[0]) { image in
        visit(image) { arbex_scale_add_into(spread.pointer + $0, gradient.pointer + $1, $2, channels) }
      }
      return [spread]
    }
  }
}

/// Where the pixels of a resized line come from.
struct Interpolation {
  let first, second: Int
  let firstWeight: Float

  static func taps(from old: Int, to new: Int) -> [Interpolation] {
    (0..<new).map { index in
      let position = max(0, (Float(index) + 0.5) * Float(old) / Float(new) - 0.5)
      let first = min(Int(position), old - 1)
      return Interpolation(
        first: first, second: min(first + 1, old - 1), firstWeight: 1 - (position - Float(first)))
    }
  }
}
