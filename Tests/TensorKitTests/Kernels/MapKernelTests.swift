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
    var images = 2, side = 6, channels = 1, kernel = 3, stride = 1, padding = 1
    var out: Int { (side + 2 * padding - kernel) / stride + 1 }
    var window: arbex_window {
      arbex_window(
        height: side, width: side, channels: channels, outHeight: out, outWidth: out, kernelHeight: kernel,
        kernelWidth: kernel, stride: stride, padding: padding)
    }
    var inputs: Int { images * side * side }
    var outputs: Int { images * out * out }
    var testDescription: String { "\(channels) channels, \(kernel)x\(kernel), stride \(stride), padding \(padding)" }

    func visit(_ body: (_ output: Int, _ input: Int, _ tap: Int) -> Void) {
      for image in 0..<images { for row in 0..<out { for column in 0..<out {
        for i in 0..<kernel { for j in 0..<kernel {
          let (y, x) = (row * stride - padding + i, column * stride - padding + j)
          guard y >= 0, x >= 0, y < side, x < side else { continue }
          body((image * out + row) * out + column, (image * side + y) * side + x, i * kernel + j)
        } }
      } } }
    }
  }
  private static let walks = [
    Walk(channels: 1), Walk(channels: 16, stride: 2), Walk(channels: 37, kernel: 2, padding: 0),
    Walk(channels: 40, kernel: 7, padding: 3),
  ]

  private func compare(
    _ name: String, _ found: [Float], _ expected: [Double], atMost allowed: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(relativeNorm(found, expected.map(Float.init)) <= allowed, "\(name)", sourceLocation: sourceLocation)
  }

  @Test("patches are gathered and added back", arguments: Kernels.best.runnable, walks)
  private func patches(kernels: Kernels, walk: Walk) {
    let (C, taps, x) = (walk.channels, walk.kernel * walk.kernel, uniform("x", walk.inputs * walk.channels))
    var expected = [Double](repeating: 0, count: walk.outputs * taps * C)
    walk.visit { output, input, tap in
      for c in 0..<C { expected[(output * taps + tap) * C + c] = Double(x[input * C + c]) }
    }
    var columns = [Float](repeating: .nan, count: expected.count)
    arbex_gather_patches_in(kernels.variant, &columns, x, walk.window, 0, walk.images * walk.out, 0, C, 0, taps)
    compare("gather", columns, expected, atMost: 0)

    // only the last channels and taps, of the rows from the second on
    let (channel, tap, rows) = (C / 2, taps / 2, walk.images * walk.out - 1)
    var part = [Float](repeating: .nan, count: rows * walk.out * (taps - tap) * (C - channel))
    arbex_gather_patches_in(
      kernels.variant, &part, x, walk.window, 1, rows, channel, C - channel, tap, taps - tap)
    compare("gather a part", part, (walk.out..<walk.outputs).flatMap { output in
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
    let (weight, bias) = (uniform("weight", taps * C), uniform("bias", C))
    var sums = (0..<walk.outputs).flatMap { _ in bias.map(Double.init) }
    var flow = [Double](repeating: 0, count: x.count), change = [Double](repeating: 1, count: weight.count)
    walk.visit { output, input, tap in
      for c in 0..<C {
        sums[output * C + c] += Double(x[input * C + c]) * Double(weight[tap * C + c])
        flow[input * C + c] += Double(dy[output * C + c]) * Double(weight[tap * C + c])
        change[tap * C + c] += Double(dy[output * C + c]) * Double(x[input * C + c])
      }
    }
    var (y, dx, dw) = (dy, x, [Float](repeating: 1, count: weight.count))
    arbex_depthwise_in(v, &y, x, weight, bias, walk.window, 0, walk.images * walk.out)
    compare("output", y, sums)
    arbex_depthwise_in(v, &y, x, weight, nil, walk.window, 0, walk.images * walk.out)
    compare("without bias", y, zip(sums, (0..<sums.count).map { bias[$0 % C] }).map { $0 - Double($1) })
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

  /// 5x5 outputs leave the last tiles of four incomplete.
  @Test("Winograd's transforms make a convolution and its weight's gradient", arguments: Kernels.best.runnable)
  func winograd(kernels: Kernels) {
    let walk = Walk(side: 5, channels: 16), (C, O, v, tiles) = (16, 32, kernels.variant, 8)
    let (x, dy) = (uniform("x", walk.inputs * C), uniform("dy", walk.outputs * O))
    let (g, bias) = (uniform("g", O * 9 * C), uniform("bias", O))
    var sums = (0..<walk.outputs).flatMap { _ in bias.map(Double.init) }
    var change = [Double](repeating: 0, count: g.count)
    walk.visit { output, input, tap in
      for o in 0..<O {
        for c in 0..<C {
          sums[output * O + o] += Double(x[input * C + c]) * Double(g[(o * 9 + tap) * C + c])
          change[(o * 9 + tap) * C + c] += Double(dy[output * O + o]) * Double(x[input * C + c])
        }
      }
    }
    var (d, u) = ([Float](repeating: .nan, count: 36 * tiles * C), [Float](repeating: .nan, count: 36 * O * C))
    var (m, z) = ([Float](repeating: 0, count: 36 * tiles * O), [Float](repeating: .nan, count: 36 * tiles * O))
    arbex_winograd_input_in(v, &d, x, walk.window, 0, tiles)
    arbex_winograd_weight_in(v, &u, g, O, C, 0, O)
    arbex_winograd_gradient_in(v, &z, dy, walk.window, O, 0, tiles)
    var du = [Float](repeating: 0, count: u.count)
    for p in 0..<36 { for t in 0..<tiles { for o in 0..<O { for c in 0..<C {
      m[(p * tiles + t) * O + o] += d[(p * tiles + t) * C + c] * u[(p * O + o) * C + c]
      du[(p * O + o) * C + c] += z[(p * tiles + t) * O + o] * d[(p * tiles + t) * C + c]
    } } } }
    var (y, dg) = (dy, g)
    arbex_winograd_output_in(v, &y, m, bias, walk.window, O, 0, tiles)
    compare("output", y, sums, atMost: 5e-6)
    arbex_winograd_weight_gradient_in(v, &dg, du, O, C, 0, O)
    compare("weight gradient", dg, change, atMost: 5e-6)
  }
}
