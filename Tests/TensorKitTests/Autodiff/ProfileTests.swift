@testable import TensorKit
import Testing

@Suite("Profile")
struct ProfileTests {
  private func row(_ profile: Profile, _ operation: String, _ direction: Profile.Direction = .forward)
    -> Profile.Row?
  {
    profile.rows.first { $0.key.operation == operation && $0.key.direction == direction }
  }

  /// A 3x3 convolution of 2 images of 8x8 with 4 and 5 channels, padding 1: 2·8·8·5 results of 3·3·4 products each,
  /// 23,040; a linear layer from 5 to 7 on its 128 pixels: 128·5·7 = 4,480.
  @Test("multiply-adds are those of pencil and paper, and twice as many on the way back")
  func work() {
    let profile = Profile(), tape = Tape()
    profile.measure {
      let image = tape.watch(.ones([2, 8, 8, 4]))
      let kernel = tape.watch(.ones([5, 3, 3, 4])), weight = tape.watch(.ones([7, 5]))
      let map = image.convolved(weight: kernel, padding: 1)
      tape.backward(from: map.linear(weight: weight, bias: nil).sum())
    }
    #expect(row(profile, "convolution, patches")?.work == 23_040)
    #expect(row(profile, "convolution, patches", .backward)?.work == 46_080)
    #expect(row(profile, "linear")?.work == 4480)
    #expect(row(profile, "linear", .backward)?.work == 8960)
    #expect(row(profile, "sum")?.calls == 1 && row(profile, "sum", .backward)?.calls == 1)
  }

  /// Winograd's algorithm counts as the direct one: 6·6·16 results of 9·16 products. Depthwise: 36·16 of 9. A 1x1
  /// convolution: 36·16 of 16. Where only the weight wants a gradient, the way back costs as much as the way there.
  @Test(
    "each kind of convolution is told by its name",
    arguments: [
      ("convolution, Winograd", [16, 3, 3, 16], 1, 1, 36 * 16 * 144),
      ("convolution, depthwise", [16, 3, 3, 1], 1, 16, 36 * 16 * 9),
      ("convolution, 1x1", [16, 1, 1, 16], 0, 1, 36 * 16 * 16),
    ] as [(String, [Int], Int, Int, Int)])
  func convolutions(name: String, weight: [Int], padding: Int, groups: Int, work: Int) {
    let profile = Profile(), tape = Tape()
    profile.measure {
      let kernel = tape.watch(.ones(weight))
      let map = Tensor.ones([1, 6, 6, 16]).convolved(weight: kernel, padding: padding, groups: groups)
      tape.backward(from: map, gradient: .ones(map.shape))
    }
    #expect(row(profile, name)?.work == work && row(profile, name, .backward)?.work == work)
  }

  /// Two products of 2 images, 3 queries, 5 keys and 4 channels: 2·(2·3·5·4) = 240. Matrices: 2·3 results of 4.
  @Test("attention and matrix products")
  func products() {
    let profile = Profile()
    profile.measure {
      _ = Tensor.attention(
        query: .ones([2, 3, 4]), key: .ones([2, 5, 4]), value: .ones([2, 5, 4]), heads: 2)
      _ = Tensor.ones([2, 4]).matmul(.ones([4, 3]))
    }
    #expect(row(profile, "attention")?.work == 240 && row(profile, "matmul")?.work == 24)
  }

  @Test("operations within an operation are part of it")
  func nested() {
    let profile = Profile()
    profile.measure {
      let x = Tensor.ones([4, 3])
      _ = x.squared()
      _ = x.normalized(by: BatchNormalization(over: x, scale: .ones([3]), offset: .zeros([3]), epsilon: 1e-5))
      _ = x.normalized(
        by: BatchNormalization(
          mean: .zeros([3]), variance: .ones([3]), scale: .ones([3]), offset: .zeros([3]), epsilon: 1e-5))
    }
    #expect(
      Set(profile.rows.map(\.key.operation)) == ["squared", "batch norm", "batch norm, stored", "rest"])
  }

  @Test("components keep what they did, also on the way back")
  func components() {
    let profile = Profile(), tape = Tape()
    profile.measure {
      let x = tape.watch(.ones([3]))
      let y = Profile.component("outer") {
        let inner = Profile.component("inner") { x.exp() }
        return inner.relu()
      }
      tape.backward(from: y.sum())
      Profile.component("optimizer", .update, remainder: "update") {}
    }
    let found = Set(profile.rows.map { "\($0.key.component) \($0.key.operation) \($0.key.direction)" })
    let wanted = [
      "inner exp forward", "inner exp backward", "outer relu forward", "outer relu backward",
      "between sum forward",
      "between sum backward", "optimizer update update", "inner gradient sums backward",
    ]
    #expect(wanted.allSatisfy(found.contains), "\(found)")
  }

  @Test("rows add up to the measured time; nothing is gathered outside")
  func sums() {
    let profile = Profile()
    _ = Tensor.ones([8]).exp()
    #expect(profile.rows.isEmpty)
    let clock = ContinuousClock()
    let time = clock.measure {
      profile.measure {
        for _ in 0..<200 { _ = Tensor.ones([64, 64]).matmul(.ones([64, 64])).softmax() }
      }
    }
    #expect(profile.seconds > 0 && profile.seconds <= time / .seconds(1))
    #expect(
      profile.rows.allSatisfy { $0.seconds >= 0 }
        && profile.rows.map(\.seconds).reduce(0, +) == profile.seconds)
    _ = Tensor.ones([8]).exp()
    #expect(row(profile, "exp") == nil)
  }
}
