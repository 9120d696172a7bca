import CKernels

/// A matrix of bfloat16 in a tensor's memory, two numbers in the place of one.
struct BFloat16Matrix {
  let pointer: UnsafeMutablePointer<UInt16>
  /// Distance between rows, even.
  let stride: Int

  /// - Parameter columns: an odd number is filled up by a 0.
  init(_ memory: UnsafeMutablePointer<Float>, columns: Int) {
    pointer = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt16.self)
    stride = Self.even(columns)
  }

  static func even(_ count: Int) -> Int { (count + 1) / 2 * 2 }

  /// The floats whose memory holds `rows` rows.
  static func floats(rows: Int, columns: Int) -> Int { rows * even(columns) / 2 }

  /// The floats whose memory holds a right factor in panels.
  static func packedFloats(columns: Int, depth: Int) -> Int {
    floats(rows: (columns + panel - 1) / panel * panel, columns: depth)
  }

  static let panel = Int(arbex_bf16_panel)

  /// Rounds rows of floats, `stride` apart.
  func convert(
    _ rows: UnsafePointer<Float>, stride from: Int, count: Int, columns: Int,
    _ prologue: ConvolutionPrologue? = nil
  ) {
    arbex_bf16_convert(
      pointer, stride, rows, from, prologue?.kernelArgument ?? arbex_prologue(), count, columns)
  }
}
