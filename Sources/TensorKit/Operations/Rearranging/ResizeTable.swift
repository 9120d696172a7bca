/// A pass of resizing along one axis: which source pixels make an output pixel, and with which weights.
package struct ResizeTable {
  /// The first source pixel of each output pixel.
  package private(set) var starts: [Int32] = []
  /// As many weights for each output pixel as ``taps``; unused ones are 0.
  package private(set) var weights: [Float] = []
  /// The neighbouring source pixels that are mixed into each output pixel.
  package private(set) var taps = 1

  /// Output pixel i lies at (i + ½) · source / target − ½ in the source.
  ///
  /// Without `antialias` it is mixed from its neighbours there, as by PyTorch's `F.interpolate(align_corners: false)`.
  /// With it, bilinear shrinking averages over a triangle as wide as two output pixels, as Pillow's
  /// `resize(BILINEAR)` does, so that fine patterns do not turn into false ones.
  package init(from source: Int, to target: Int, _ mode: Tensor.Interpolation, antialias: Bool = false) {
    guard source > 0, target > 0 else { return }
    if source == target {
      starts += 0..<Int32(target)
      weights += repeatElement(1, count: target)
    } else if antialias && source > target && mode == .bilinear {
      fillTriangles(from: source, to: target)
    } else {
      fillNeighbours(from: source, to: target, mode)
    }
  }

  /// The source pixels of an output pixel, with their weights.
  func taps(of output: Int) -> [(pixel: Int, weight: Float)] {
    (0..<taps).map { (Int(starts[output]) + $0, weights[output * taps + $0]) }
  }

  private mutating func fillNeighbours(from source: Int, to target: Int, _ mode: Tensor.Interpolation) {
    taps = min(mode == .nearest ? 1 : mode == .bilinear ? 2 : 4, source)
    starts.reserveCapacity(target)
    weights.reserveCapacity(target * taps)
    let scale = Float(source) / Float(target)
    for index in 0..<target {
      let centre = (Float(index) + 0.5) * scale - 0.5
      switch mode {
      case .nearest:
        starts.append(Int32(min(Int(Float(index) * scale), source - 1)))
        weights.append(1)
      case .bilinear: fillPair(at: max(0, centre), from: source)
      case .bicubic: fillCubic(at: centre, from: source)
      }
    }
  }

  private mutating func fillPair(at position: Float, from source: Int) {
    let first = min(Int(position), source - 1)
    let start = min(first, source - taps)
    let share = first > start ? 1 : position - Float(first)
    starts.append(Int32(start))
    if taps > 1 { weights.append(1 - share) }
    weights.append(taps > 1 ? share : 1)
  }

  /// Keys' kernel at four pixels; those beyond the border lend their weights to the border's.
  private mutating func fillCubic(at position: Float, from source: Int) {
    let a: Float = -0.75, floor = position.rounded(.down), t = position - floor
    func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }  // |x| ≤ 1
    func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }  // 1 < |x| < 2
    let first = Int(floor) - 1, start = max(0, min(first, source - taps))
    var folded = [Float](repeating: 0, count: taps)
    for (place, weight) in [far(1 + t), near(t), near(1 - t), far(2 - t)].enumerated() {
      folded[max(0, min(first + place, source - 1)) - start] += weight
    }
    starts.append(Int32(start))
    weights += folded
  }

  private mutating func fillTriangles(from source: Int, to target: Int) {
    let scale = Double(source) / Double(target)
    taps = min(source, Int((2 * scale).rounded(.up)) + 1)
    for index in 0..<target {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, Int(centre - scale + 0.5))
      let end = min(source, Int(centre + scale + 0.5))
      let start = min(first, source - taps)
      let weight = { (pixel: Int) -> Double in
        pixel < first || pixel >= end ? 0 : max(0, 1 - abs((Double(pixel) - centre + 0.5) / scale))
      }
      var total = 0.0
      for pixel in start..<start + taps { total += weight(pixel) }
      for pixel in start..<start + taps { weights.append(Float(weight(pixel) / total)) }
      starts.append(Int32(start))
    }
  }
}
