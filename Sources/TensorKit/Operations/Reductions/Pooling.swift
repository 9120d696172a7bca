import CKernels

extension Tensor {
  /// The largest value of each window; padding never wins.
  ///
  /// ## Shapes
  /// `[N, H, W, C]` → `[N, (H + 2 padding - kernel) / stride + 1, ..., C]`
  public func maxPooled(kernel: Int, stride: Int, padding: Int = 0) -> Tensor {
    let window = pooling("max pooling", kernel, stride, padding)
    let images = shape[0], mapSize = shape[1] * shape[2] * shape[3]
    let result = Tensor(uninitialized: [images, window.outHeight, window.outWidth, window.channels])
    // Where each came from, in memory that the next step finds again.
    let storage = TensorStorage(result.count)
    nonisolated(unsafe) let places = UnsafeMutableRawPointer(storage.pointer).bindMemory(
      to: Int32.self, capacity: storage.count)
    Parallel.forEach(images) {
      arbex_max_pool(result.pointer, places, pointer, window, $0 * window.outHeight, window.outHeight)
    }
    let original = shape, perImage = result.count / max(images, 1)
    return result.recorded(
      from: [self], as: .maxPool(kernel: kernel, stride: stride, padding: padding)
    ) { gradient in
      let spread = Tensor.zeros(original)
      withExtendedLifetime(storage) {
        Parallel.forEach(images) { image in
          for index in image * perImage..<(image + 1) * perImage where places[index] >= 0 {
            spread.pointer[image * mapSize + Int(places[index])] += gradient.pointer[index]
          }
        }
      }
      return [spread]
    }
  }

  /// The mean of each window, without padding.
  ///
  /// ## Shapes
  /// `[N, H, W, C]` → `[N, (H - kernel) / stride + 1, ..., C]`
  public func averagePooled(kernel: Int, stride: Int) -> Tensor {
    let window = pooling("average pooling", kernel, stride, 0)
    let images = shape[0], rows = images * window.outHeight
    let weight = Tensor.full([kernel * kernel, window.channels], 1 / Float(kernel * kernel))
    let result = Tensor(uninitialized: [images, window.outHeight, window.outWidth, window.channels])
    let block = max(1, (1 << 14) / max(1, window.width * window.channels))
    Parallel.forEachBlock(of: rows, size: block) {
      arbex_depthwise(result.pointer, pointer, weight.pointer, window, $0.lowerBound, $0.count)
    }
    let original = shape
    return result.recorded(from: [self], as: .averagePool(kernel: kernel, stride: stride)) { gradient in
      let spread = Tensor(uninitialized: original)
      Parallel.forEachBlock(of: images * original[1], size: block) {
        arbex_depthwise_input_gradient(
          spread.pointer, gradient.pointer, weight.pointer, window, $0.lowerBound, $0.count)
      }
      return [spread]
    }
  }

  /// The mean of each map: `[N, H, W, C]` → `[N, C]`.
  public func globalAveragePooled() -> Tensor {
    require(rank == 4, "global average pooling", "\(shape)", "[N, H, W, C]")
    return reshaped([shape[0], shape[1] * shape[2], shape[3]]).mean(along: 1)
  }

  private func pooling(_ name: String, _ kernel: Int, _ stride: Int, _ padding: Int) -> arbex_window {
    require(
      rank == 4 && stride >= 1 && kernel >= 1 && padding * 2 <= kernel && padding >= 0
        && shape[1] + 2 * padding >= kernel && shape[2] + 2 * padding >= kernel, name, "\(shape)",
      "kernel \(kernel), stride \(stride), padding \(padding)")
    return arbex_window(
      height: shape[1], width: shape[2], channels: shape[3],
      outHeight: (shape[1] + 2 * padding - kernel) / stride + 1,
      outWidth: (shape[2] + 2 * padding - kernel) / stride + 1, kernelHeight: kernel, kernelWidth: kernel,
      stride: stride, padding: padding, dilation: 1)
  }
}
