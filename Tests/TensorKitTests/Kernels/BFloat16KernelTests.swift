import CKernels
import TestSupport
import Testing

@testable import TensorKit

/// Said where the tests of bfloat16 are skipped.
let bfloat16Lack: Comment =
  "skipped where Precision.bfloat16 cannot be had: needs AVX512-BF16 and the AVX-512 kernels"
let hasBFloat16 = Precision.bfloat16.obstacle == nil

/// bfloat16 by its definition: the upper half of a float, rounded to the nearest, ties to even; numbers below the smallest
/// normal one are 0 (Kalamkar et al. 2019).
enum RoundedNumber {
  static func bits(_ value: Float) -> UInt16 {
    let (bits, lower) = (value.bitPattern, value.bitPattern & 0xffff)
    let upper = UInt16(bits >> 16)
    if value.isNaN { return upper | 0x40 }
    if value.isSubnormal { return upper & 0x8000 }
    return lower > 0x8000 || (lower == 0x8000 && upper & 1 == 1) ? upper + 1 : upper
  }

  static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
  static func rounded(_ value: Float) -> Float { float(bits(value)) }
}

@Suite("Products in bfloat16", .enabled(if: hasBFloat16, bfloat16Lack))
struct BFloat16KernelTests {
  struct Sizes: CustomTestStringConvertible {
    var rows, columns, depth: Int
    var testDescription: String { "\(rows) x \(columns) x \(depth)" }
  }

  private func convert(_ values: [Float], rows: Int = 1) -> [UInt16] {
    let columns = values.count / rows, stride = (columns + 1) / 2 * 2
    var result = [UInt16](repeating: 0xdead, count: rows * stride)
    arbex_bf16_convert(&result, stride, values, columns, arbex_prologue(), rows, columns)
    return result
  }

  private func pack(_ b: [Float], depth: Int, columns: Int, transposed: Bool) -> [UInt16] {
    var panels = [UInt16](repeating: 0xdead, count: (columns + 31) / 32 * 32 * ((depth + 1) / 2 * 2))
    arbex_bf16_pack(&panels, b, transposed ? 1 : columns, transposed ? depth : 1, depth, columns)
    return panels
  }

  /// 1 + 2⁻⁸ lies half way between 1 and 1 + 2⁻⁷: to the even 1; 1 + 3 · 2⁻⁸ half way above: to the even 1 + 2⁻⁶. The
  /// largest float is nearer to 2¹²⁸ than to the largest bfloat16.
  @Test("rounds to the nearest, ties to even; infinities and numbers that are none stay what they are")
  func conversion() {
    let found = convert([
      1, 1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-20, -1 - 0x1p-8, .infinity, -.infinity,
      .greatestFiniteMagnitude, 0,
      -0.0, .nan,
    ])
    let expected: [UInt16] = [0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f80, 0xff80, 0x7f80, 0, 0x8000]
    #expect(Array(found.prefix(10)) == expected)
    #expect(RoundedNumber.float(found[10]).isNaN)
    #expect(found[11] == 0, "an odd row is filled up")
  }

  /// The smallest normal number, 2⁻¹²⁶, stays; half of it, and the smallest float, 2⁻¹⁴⁹, become 0 with their sign. A NaN
  /// whose mark lies in the lower half would become an infinity if it were cut.
  @Test("numbers below the smallest normal one become 0, any NaN a quiet one")
  func edges() {
    let found = convert([
      0x1p-126, 0x1p-127, -0x1p-127, .leastNonzeroMagnitude, Float(bitPattern: 0x7f80_0001),
      Float(bitPattern: 0xffff_ffff),
    ])
    #expect(found == [0x0080, 0, 0x8000, 0, 0x7fc0, 0xffff])
  }

  /// Numbers over all exponents, ties among them: of 16 upper bits at random and a lower half from the list.
  @Test(
    "any number agrees with the definition", arguments: [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff] as [UInt32])
  func allExponents(lower: UInt32) {
    let x = (0..<1 << 16).map { Float(bitPattern: UInt32($0) << 16 | lower) }
    let found = convert(x)
    let wrong = x.indices.first { found[$0] != RoundedNumber.bits(x[$0]) }
    #expect(wrong == nil, "\(wrong.map { x[$0] } ?? 0) becomes \(wrong.map { found[$0] } ?? 0)")
  }

  @Test("random rows agree with the definition, scaled or not", arguments: [1, 2, 15, 16, 17, 31, 33, 100])
  func rows(columns: Int) {
    let x = uniform("x", 3 * columns)
    let even = (columns + 1) / 2 * 2
    let found = convert(x, rows: 3)
    for row in 0..<3 {
      let expected = x[row * columns..<(row + 1) * columns].map(RoundedNumber.bits)
      #expect(Array(found[row * even..<row * even + columns]) == expected)
    }
    var scaled = [UInt16](repeating: 0, count: 3 * even)
    let (gain, offset) = ([Float](repeating: 2, count: columns), [Float](repeating: 0.5, count: columns))
    let slope = [Float](repeating: 0.25, count: columns)
    gain.withUnsafeBufferPointer { gain in
      offset.withUnsafeBufferPointer { offset in
        slope.withUnsafeBufferPointer { slope in
          let prologue = arbex_prologue(
            gain: gain.baseAddress, offset: offset.baseAddress, slope: slope.baseAddress)
          arbex_bf16_convert(&scaled, even, x, columns, prologue, 3, columns)
        }
      }
    }
    for row in 0..<3 {
      let expected = x[row * columns..<(row + 1) * columns].map { x in
        let sum = (0.5 as Float).addingProduct(2, x)
        return RoundedNumber.bits(sum > 0 ? sum : 0.25 * sum)
      }
      #expect(Array(scaled[row * even..<row * even + columns]) == expected)
    }
  }

  @Test(
    "panels hold pairs along the depth, what is missing is 0", arguments: [1, 16, 20, 32, 77],
    [1, 2, 31, 33, 64])
  func packing(columns: Int, depth: Int) {
    let b = uniform("b", depth * columns), even = (depth + 1) / 2 * 2
    for transposed in [false, true] {
      let panels = pack(b, depth: depth, columns: columns, transposed: transposed)
      for j in 0..<(columns + 31) / 32 * 32 {
        for k in 0..<even {
          let isThere = j < columns && k < depth
          let expected = isThere ? RoundedNumber.bits(b[transposed ? j * depth + k : k * columns + j]) : 0
          let found = panels[(j / 32 * even + k / 2 * 2) * 32 + j % 32 * 2 + k % 2]
          #expect(found == expected, "element (\(k), \(j)), transposed \(transposed)")
        }
      }
    }
  }

  /// The factors are rounded before, so that only the order of summation differs: 24 bits per sum.
  @Test(
    "the product agrees with a plain loop over rounded numbers",
    arguments: [
      (1, 1, 1), (12, 32, 16), (13, 33, 301), (5, 40, 513), (25, 7, 3), (64, 96, 1100), (3, 31, 1),
      (100, 64, 40),
    ].map(Sizes.init))
  func product(sizes: Sizes) {
    let (rows, columns, depth) = (sizes.rows, sizes.columns, sizes.depth)
    let (a, b) = (uniform("a", rows * depth), uniform("b", depth * columns))
    let left = convert(a, rows: rows), right = pack(b, depth: depth, columns: columns, transposed: false)
    var found = [Float](repeating: .nan, count: rows * columns + 1)
    arbex_bf16_multiply(left, (depth + 1) / 2 * 2, right, &found, columns, rows, columns, depth, 0.5)
    #expect(found.removeLast().isNaN, "nothing is written behind the result")
    let (roundA, roundB) = (a.map(RoundedNumber.rounded), b.map(RoundedNumber.rounded))
    let expected = (0..<rows * columns).map { place in
      Float(
        (0..<depth).reduce(0.0) { sum, k in
          sum + Double(roundA[place / columns * depth + k]) * Double(roundB[k * columns + place % columns])
        } / 2)
    }
    #expect(relativeNorm(found, expected) < 1e-6)
  }

  /// Each row times the one column: infinity · 1; infinity · 0; infinity - infinity; NaN · 1; 2⁻⁷⁰ · 2⁻⁷⁰, below the
  /// smallest normal float, is 0, as the instruction has it; 2¹²⁷ · 4, above the largest.
  @Test("infinities and NaN go through a product")
  func special() {
    let b: [Float] = [1, 0, 0x1p-70, 4]
    let rows: [[Float]] = [
      [.infinity, 0, 0, 0], [0, .infinity, 0, 0], [.infinity, 0, 0, -.infinity], [.nan, 0, 0, 0],
      [0, 0, 0x1p-70, 0],
      [0, 0, 0, 0x1p127],
    ]
    var found = [Float](repeating: 5, count: rows.count)
    arbex_bf16_multiply(
      convert(rows.flatMap(\.self), rows: rows.count), 4, pack(b, depth: 4, columns: 1, transposed: false),
      &found, 1,
      rows.count, 1, 4, 1)
    #expect(found[0] == .infinity && found[1].isNaN && found[2].isNaN && found[3].isNaN)
    #expect(found[4] == 0 && found[5] == .infinity)
  }
}
