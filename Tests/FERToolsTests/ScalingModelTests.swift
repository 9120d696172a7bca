@testable import FERTools
import TensorKit
import TestSupport
import Testing

/// What a step on many ranks takes, by paper and pencil.
@Suite("Scaling over ranks")
struct ScalingModelTests {
  private typealias Cost = ScalingModel.MessageCost

  private let model = ScalingModel(
    fixed: 0.01, perRow: 0.02, backwardShare: 0.1, loading: 0.004, cores: 2, threads: 2,
    software: Cost(message: 1e-6, byte: 1e-9),
    calls: .init(sums: [1, 2048, 3_000_000], gathers: [10], rows: 4))
  /// 10 Gbit/s are 0.8 ns a byte; with the software's 1 ns that is 1.8 ns.
  private let wire = Cost.network(gigabits: 10, latency: 20e-6)

  private func expect(_ found: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation)
  {
    #expect(
      abs(found - expected) < 1e-9 * max(abs(expected), 1e-3), "\(found), not \(expected)",
      sourceLocation: sourceLocation)
  }

  /// 64 images on 8 ranks are 8 rows: 0.01 + 8·0.02 s; two cores load them in 8·0.004 / 2 s. Of the calls, with 7 peers:
  /// one number 20 + 7 (1 + 0.0072) µs, 2,048 numbers 20 + 7 (1 + 14.7456) µs, 20 gathered ones 40 + 7 (2 + 0.1584) µs. Three
  /// million are 3 buckets: 4·20 + 2·3·7·1 µs, and 24 MB of 1.8 ns, 7/8 of them.
  @Test("a step is compute, loading, large sums and other calls")
  func step() {
    let step = model.step(of: 64, on: 8, over: wire)
    expect(step.compute, 0.17)
    expect(step.loading, 0.016)
    expect(step.others, (27.0504 + 130.2192 + 55.1088) * 1e-6)
    expect(step.gradients, 122e-6 + 0.0378)
    expect(step.total, 0.17 + 0.016 + 212.3784e-6 + 0.037922)
  }

  /// 63 images on 8 ranks: one rank has 8 all the same. One rank asks nobody: 0.01 + 64·0.02 + 64·0.004 / 2 s.
  @Test("the rank with most rows decides, one rank alone does not communicate")
  func rows() {
    #expect(model.step(of: 63, on: 8) == model.step(of: 64, on: 8))
    let alone = model.step(of: 64, on: 1, over: wire)
    #expect(alone.communication == 0)
    expect(alone.total, 1.418)
    expect(
      model.efficiency(of: 64, on: 8, over: wire), 1.418 / (8 * (0.17 + 0.016 + 212.3784e-6 + 0.037922)))
  }

  /// Half the bytes: 122 µs + 0.0189 s. Beside the backward pass: 0.1·0.17 s less. A fourth: 0.037922 / 4 s.
  @Test("what other ways of summing gradients would take")
  func changes() {
    func gradients(_ model: ScalingModel, _ change: ScalingModel.Change) -> Double {
      model.step(of: 64, on: 8, over: wire, change).gradients
    }
    expect(gradients(model, .halves), 122e-6 + 0.0189)
    expect(gradients(model, .overlap), 0.037922 - 0.017)
    expect(gradients(model, .accumulation), 0.0094805)
    var long = model
    long.backwardShare = 0.5
    #expect(gradients(long, .overlap) == 0)
  }

  /// 8 images of 0.03 s are 0.24 s; the core that does not compute has 0.17 s for them, the rest is shared by both.
  @Test("cores that do not compute load beside it")
  func loading() {
    var model = model
    (model.threads, model.loading) = (1, 0.03)
    expect(model.step(of: 64, on: 8).loading, 0.035)
    model.loading = 0.004
    #expect(model.step(of: 64, on: 8).loading == 0)
  }

  /// 4 rows in 0.09 s and 8 in 0.17 s: 0.02 s a row, 0.01 s for none. 0.04 and 0.12 s would begin below 0: 0.01 and 0.015 s
  /// a row, on average 0.0125. Where more rows are quicker nothing is known but the mean.
  @Test("the line through two measurements begins at no less than 0")
  func line() {
    func expectLine(_ low: Double, _ high: Double, _ fixed: Double, _ perRow: Double) {
      let line = ScalingModel.line((4, low), (8, high))
      expect(line.fixed, fixed)
      expect(line.perRow, perRow)
    }
    expectLine(0.09, 0.17, 0.01, 0.02)
    expectLine(0.04, 0.12, 0, 0.0125)
    expectLine(0.2, 0.1, 0.15, 0)
  }

  /// On four ranks a small sum is three messages of 2 µs. A bucket, 2²⁰ numbers, is twice that and 8·2²⁰ bytes of 1 ns, 3/4
  /// of them: 12 µs + 6.291456 ms.
  @Test("what messages cost, of two sums")
  func software() {
    let cost = ScalingModel.software(few: 6e-6, many: 0.006303456, count: 1 << 20, ranks: 4)
    expect(cost.message, 2e-6)
    expect(cost.byte, 1e-9)
    #expect(ScalingModel.software(few: 1, many: 0.5, count: 1 << 20, ranks: 2).byte == 0)
  }

  /// 16 rows of 1 s, and 0.4 s for each peer: 16, 8.4, 5.2, 4.8 and 7 s on 1, 2, 4, 8 and 16 ranks. Four do 16 / (4·5.2) of
  /// their time what counts, 77 %, eight 16 / (8·4.8), 42 %.
  @Test("where more ranks stop paying")
  func limit() {
    let model = ScalingModel(
      fixed: 0, perRow: 1, backwardShare: 0, loading: 0, cores: 1, threads: 1,
      software: Cost(message: 0.4, byte: 0), calls: .init(sums: [1]))
    #expect(model.limit(of: 16, over: .noWire) == .init(halfEfficient: 4, fastest: 8))
    #expect(model.limit(of: 1, over: .noWire) == .init(halfEfficient: 1, fastest: 1))
  }

  @Test("two ranks that bring the same: sums are doubled, rows come twice, and calls are noted")
  func echo() throws {
    let meter = CallMeter(Echo(2))
    var numbers: [Float] = [1, 2, 3]
    try numbers.withUnsafeMutableBufferPointer { try meter.sum($0) }
    #expect(numbers == [2, 4, 6])
    #expect(try meter.gathered([5, 7]) == [[5, 7], [5, 7]])
    #expect(meter.calls == .init(sums: [3], gathers: [2]))
    meter.reset()
    #expect(meter.calls == .init() && meter.seconds == 0)
  }
}
