import CKernels
import TestSupport
import Testing

@testable import TensorKit

/// Loops over maps, each kind that this CPU has, against the definition in double precision. Channels are numbers that
/// vectors do and do not divide, sides leave edges with and without padding.
@Suite("Maps, every kind of kernel")
struct MapKernelTests {
  /// Every pair of an output pixel and an input pixel under its window, with the tap between them.
  private struct Walk: CustomTestStringConvertible {
    var images = 2, side = 6, channels = 1, kernel = 3, stride = 1, padding = 1, dilation = 1
    var out: Int { (side + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 }
    var window: arbex_window {
      arbex_window(
        height: side, width: side, channels: channels, outHeight: out, outWidth: out, kernelHeight: kernel,
        kernelWidth: kernel, stride: stride, padding: padding, dilation: dilation)
    }
    var inputs: Int { images * side * side }
    var outputs: Int { images * out * out }
    var testDescription: String {
      "\(channels) channels, \(kernel)x\(kernel), stride \(stride), padding \(padding), dilation \(dilation)"
    }

    func visit(_ body: (_ output: Int, _ input: Int, _ tap: Int) -> Void) {
      for image in 0..<images {
        for row in 0..<out {
          for column in 0..<out {
            for i in 0..<kernel {
              for j in 0..<kernel {
                let y = row * stride - padding + dilation * i, x = column * stride - padding + dilation * j
                guard y >= 0, x >= 0, y < side, x < side else { continue }
                body((image * out + row) * out + column, (image * side + y) * side + x, i * kernel + j)
              }
            }
          }
        }
      }
    }
  }
  private static let walks = [
    Walk(channels: 1), Walk(channels: 16, stride: 2), Walk(channels: 37, kernel: 2, padding: 0),
    Walk(channels: 40, kernel: 7, padding: 3), Walk(channels: 29), Walk(side: 7, channels: 20, stride: 2),
    Walk(side: 2, channels: 16), Walk(channels: 17, padding: 0), Walk(channels: 33, padding: 2),
  ]
  private static let dilated = [
    Walk(channels: 3, padding: 2, dilation: 2),
    Walk(channels: 16, kernel: 2, stride: 2, padding: 0, dilation: 3),
  ]

  private func compare(
    _ name: String, _ found: [Float], _ expected: [Double], atMost allowed: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      relativeNorm(found, expected.map(Float.init)) <= allowed, "\(name)", sourceLocation: sourceLocation)
  }

  @Test("patches are gathered and added back", arguments: Kernels.best.runnable, walks + dilated)
  private func patches(kernels: Kernels, walk: Walk) {
    let (C, taps, x) = (walk.channels, walk.kernel * walk.kernel, uniform("x", walk.inputs * walk.channels))
    var expected = [Double](repeating: 0, count: walk.outputs * taps * C)
    walk.visit { output, input, tap in
      for c in 0..<C { expected[(output * taps + tap) * C + c] = Double(x[input * C + c]) }
    }
    var columns = [Float](repeating: .nan, count: expected.count)
    arbex_gather_patches_in(
      kernels.variant, &columns, x, walk.window, 0, walk.images * walk.out, 0, C, 0, taps)
    compare("gather", columns, expected, atMost: 0)

    // only the last channels and taps, of the rows from the second on
    let (channel, tap, rows) = (C / 2, taps / 2, walk.images * walk.out - 1)
    var part = [Float](repeating: .nan, count: rows * walk.out * (taps - tap) * (C - channel))
    arbex_gather_patches_in(
      kernels.variant, &part, x, walk.window, 1, rows, channel, C - channel, tap, taps - tap)
    compare(
      "gather a part", part,
      (walk.out..<walk.outputs).flatMap { output in
        (tap..<taps).flatMap { t in (channel..<C).map { expected[(output * taps + t) * C + $0] } }
      }, atMost: 0)

    let flow = uniform("flow", walk.out * walk.out * taps * C)
    var sums = [Double](repeating: 1, count: walk.side * walk.side * C)
    walk.visit { output, input, tap in
      guard output < walk.out * walk.out else { return }
      for c in 0..<C { sums[input * C + c] += Double(flow[(output * taps + tap) * C + c]) }
    }
    var map = [Float](repeating: 1, count: sums.count)
    arbex_scatter_patches_in(kernels.variant, &map, flow, walk.window, 0, walk.out, 0, C)
    compare("scatter", map, sums)
  }

  @Test("depthwise convolution and its gradients", arguments: Kernels.best.runnable, walks)
  private func depthwise(kernels: Kernels, walk: Walk) {
    let (C, v, taps) = (walk.channels, kernels.variant, walk.kernel * walk.kernel)
    let (x, dy) = (uniform("x", walk.inputs * C), uniform("dy", walk.outputs * C))
    let weight = uniform("weight", taps * C)
    var sums = [Double](repeating: 0, count: dy.count)
    var flow = [Double](repeating: 0, count: x.count), change = [Double](repeating: 1, count: weight.count)
    walk.visit { output, input, tap in
      for c in 0..<C {
        sums[output * C + c] += Double(x[input * C + c]) * Double(weight[tap * C + c])
        flow[input * C + c] += Double(dy[output * C + c]) * Double(weight[tap * C + c])
        change[tap * C + c] += Double(dy[output * C + c]) * Double(x[input * C + c])
      }
    }
    var (y, dx, dw) = (dy, x, [Float](repeating: 1, count: weight.count))
    arbex_depthwise_in(v, &y, x, weight, walk.window, 0, walk.images * walk.out)
    compare("output", y, sums)
    arbex_depthwise_input_gradient_in(v, &dx, dy, weight, walk.window, 0, walk.images * walk.side)
    compare("input gradient", dx, flow)
    arbex_depthwise_weight_gradient_in(v, &dw, dy, x, walk.window, 0, walk.images * walk.out)
    compare("weight gradient", dw, change)
  }

  @Test("the largest of each window and where it was", arguments: Kernels.best.runnable, walks)
  private func maxPool(kernels: Kernels, walk: Walk) {
    let (C, plane) = (walk.channels, walk.side * walk.side), x = uniform("x", walk.inputs * walk.channels)
    var best = [(value: Float, place: Int)](repeating: (-.infinity, -1), count: walk.outputs * C)
    walk.visit { output, input, _ in
      for c in 0..<C where x[input * C + c] > best[output * C + c].value {
        best[output * C + c] = (x[input * C + c], (input % plane) * C + c)
      }
    }
    var (y, from) = ([Float](repeating: .nan, count: best.count), [Int32](repeating: -9, count: best.count))
    arbex_max_pool_in(kernels.variant, &y, &from, x, walk.window, 0, walk.images * walk.out)
    #expect(y == best.map(\.value))
    #expect(from == best.map { Int32($0.place) })
  }

  /// 7x7 outputs leave the last tiles incomplete. The input is scaled, shifted and bent first, which leaves
  /// the padding 0; the output in the end.
  @Test(
    "Winograd's transforms make a convolution and its gradients", arguments: Kernels.best.runnable, [4, 5])
  func winograd(kernels: Kernels, m: Int) {
    let walk = Walk(side: 7, channels: 16), (C, O, v) = (16, 32, kernels.variant)
    let (tiles, positions) = (walk.images * 4, (m + 2) * (m + 2))
    let (x, dy) = (uniform("x", walk.inputs * C), uniform("dy", walk.outputs * O))
    let (g, addend) = (uniform("g", O * 9 * C), uniform("addend", walk.outputs * O))
    let (before, shift) = (uniform("before", C), uniform("shift", C))
    let (gain, offset, slope) = (uniform("gain", O), uniform("offset", O), uniform("slope", O))
    var sums = [Double](repeating: 0, count: dy.count), change = [Double](repeating: 0, count: g.count)
    var flow = [Double](repeating: 0, count: x.count)
    let bend = uniform("bend", C)
    let scaled = x.indices.map { i in
      let sum = before[i % C] * x[i] + shift[i % C]
      return sum > 0 ? sum : bend[i % C] * sum
    }
    walk.visit { output, input, tap in
      for o in 0..<O {
        for c in 0..<C {
          let weight = Double(g[(o * 9 + tap) * C + c])
          sums[output * O + o] += Double(scaled[input * C + c]) * weight
          flow[input * C + c] += Double(dy[output * O + o]) * weight
          change[(o * 9 + tap) * C + c] += Double(dy[output * O + o]) * Double(scaled[input * C + c])
        }
      }
    }
    let finished = sums.indices.map { i in
      let sum = Double(gain[i % O]) * sums[i] + Double(offset[i % O]) + Double(addend[i])
      return sum > 0 ? sum : Double(slope[i % O]) * sum
    }
    var (d, u) = (
      [Float](repeating: .nan, count: positions * tiles * C),
      [Float](repeating: .nan, count: positions * O * C)
    )
    var products = [Float](repeating: 0, count: positions * tiles * O)
    var z = [Float](repeating: .nan, count: positions * tiles * O)
    before.withUnsafeBufferPointer { before in
      shift.withUnsafeBufferPointer { shift in
        bend.withUnsafeBufferPointer { bend in
          let prologue = arbex_prologue(
            gain: before.baseAddress, offset: shift.baseAddress, slope: bend.baseAddress)
          arbex_winograd_input_in(v, m, &d, x, prologue, walk.window, 0, tiles)
        }
      }
    }
    arbex_winograd_weight_in(v, m, &u, g, O, C, O, 0, O)
    arbex_winograd_gradient_in(v, m, &z, dy, walk.window, O, 0, tiles)
    var du = [Float](repeating: 0, count: u.count)
    for p in 0..<positions {
      for t in 0..<tiles {
        for o in 0..<O {
          for c in 0..<C {
            products[(p * tiles + t) * O + o] += d[(p * tiles + t) * C + c] * u[(p * C + c) * O + o]
            du[(p * O + o) * C + c] += z[(p * tiles + t) * O + o] * d[(p * tiles + t) * C + c]
          }
        }
      }
    }
    var (y, dg) = (dy, g)
    for (name, expected, isWhole) in [("sums", sums, false), ("finished", finished, true)] {
      var epilogue = arbex_epilogue()
      gain.withUnsafeBufferPointer { gain in
        offset.withUnsafeBufferPointer { offset in
          addend.withUnsafeBufferPointer { addend in
            slope.withUnsafeBufferPointer { slope in
              if isWhole {
                epilogue = arbex_epilogue(
                  gain: gain.baseAddress, offset: offset.baseAddress, addend: addend.baseAddress,
                  slope: slope.baseAddress)
              }
              arbex_winograd_output_in(v, m, &y, products, epilogue, walk.window, O, 0, tiles)
            }
          }
        }
      }
      compare(name, y, expected, atMost: 5e-6)
    }
    arbex_winograd_weight_gradient_in(v, m, &dg, du, O, C, 0, O)
    compare("weight gradient", dg, change, atMost: 5e-6)

    // The gradient runs back through the turned kernel; the padding of 1 becomes 2 - 1.
    var back = [Float](repeating: 0, count: positions * tiles * C), dx = x
    var turned = [Float](repeating: .nan, count: positions * O * C)
    var e = [Float](repeating: .nan, count: positions * tiles * O)
    var window = walk.window
    window.channels = O
    arbex_winograd_input_in(v, m, &e, dy, arbex_prologue(), window, 0, tiles)
    arbex_winograd_turned_weight_in(v, m, &turned, g, O, C, C, 0, O)
    for p in 0..<positions {
      for t in 0..<tiles {
        for o in 0..<O {
          for c in 0..<C {
            back[(p * tiles + t) * C + c] += e[(p * tiles + t) * O + o] * turned[(p * O + o) * C + c]
          }
        }
      }
    }
    arbex_winograd_output_in(v, m, &dx, back, arbex_epilogue(), window, C, 0, tiles)
    compare("input gradient", dx, flow, atMost: 5e-6)
  }
}
