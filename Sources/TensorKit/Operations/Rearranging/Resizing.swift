import CKernels

extension Tensor {
  /// Every n-th pixel of a map, from the first on: `[N, H, W, C]` → `[N, ceil(H/n), ceil(W/n), C]`. This is
  /// "nearest" resizing by a whole factor.
  public func strided(by step: Int) -> Tensor {
    require(rank == 4 && step >= 1, "stride", "\(shape) by \(step)", "[N, H, W, C] by at least 1")
    if step == 1 { return self }
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let (rows, columns) = ((height + step - 1) / step, (width + step - 1) / step)
    let result = Tensor(uninitialized: [shape[0], rows, columns, channels])
    let walk = { (visit: (_ large: Int, _ small: Int) -> Void, image: Int) in
      for row in 0..<rows {
        for column in 0..<columns {
          visit(
            ((image * height + row * step) * width + column * step) * channels,
            ((image * rows + row) * columns + column) * channels)
        }
      }
    }
    let source = pointer, target = result.pointer
    Parallel.forEach(shape[0]) { image in
      walk({ large, small in (target + small).update(from: source + large, count: channels) }, image)
    }
    let original = shape
    return result.recorded(from: [self], as: .stride(step)) { gradient in
      let spread = Tensor.zeros(original)
      Parallel.forEach(original[0]) { image in
        walk(
          { large, small in (spread.pointer + large).update(from: gradient.pointer + small, count: channels)
          }, image)
      }
      return [spread]
    }
  }

  /// How the pixels of a resized map follow from those of the original.
  public enum Interpolation: Sendable {
    /// Pixel i is pixel ⌊i · old / new⌋ (PyTorch's `nearest`).
    case nearest
    /// Mixed from the two nearest pixels along each axis.
    case bilinear
    /// Mixed from the four nearest pixels along each axis, by cubic convolution with a = -0.75 (Keys 1981, and the a of
    /// PyTorch); beyond the border its pixels repeat.
    case bicubic
  }

  /// A map stretched or shrunk to another size. Pixel centres, not corners, are aligned (PyTorch's `F.interpolate` with
  /// `align_corners=False`), and shrinking leaves pixels out.
  ///
  /// ## Shapes
  /// `[N, H, W, C]` → `[N, height, width, C]`
  public func resized(height: Int, width: Int, mode: Interpolation) -> Tensor {
    require(
      rank == 4 && height >= 1 && width >= 1 && count > 0, "resize", "\(shape)", "[N, \(height), \(width), C]"
    )
    let original = shape, channels = shape[3]
    let rows = ResizeTable(from: shape[1], to: height, mode),
      columns = ResizeTable(from: shape[2], to: width, mode)
    // Every output pixel is a weighted sum of input pixels.
    let visit = { (image: Int, use: (_ output: Int, _ input: Int, _ weight: Float) -> Void) in
      for y in 0..<height {
        for x in 0..<width {
          for (row, rowWeight) in rows.taps(of: y) {
            for (column, weight) in columns.taps(of: x) {
              use(
                ((image * height + y) * width + x) * channels,
                ((image * original[1] + row) * original[2] + column) * channels, rowWeight * weight)
            }
          }
        }
      }
    }
    let result = Tensor.zeros([original[0], height, width, channels]), source = pointer
    Parallel.forEach(original[0]) { image in
      visit(image) { arbex_scale_add_into(result.pointer + $0, source + $1, $2, channels) }
    }
    return result.recorded(from: [self], as: .resize(mode)) { gradient in
      let spread = Tensor.zeros(original)
      Parallel.forEach(original[0]) { image in
        visit(image) { arbex_scale_add_into(spread.pointer + $1, gradient.pointer + $0, $2, channels) }
      }
      return [spread]
    }
  }
}
