@testable import Support
import FERTools
@testable import FERTraining
import FERCore
import Foundation
import TensorKit
import TestSupport
import Testing

@Suite("Benchmarks", .serialized)
struct BenchmarkTests {
  /// The tiny model on 8x8 images. Multiply-adds: the convolution 8·8·6 results of 3·3·3 products, 10,368; head and
  /// correction 6·3 each. Parameters: convolution 162, norm 12, head and correction 21 each.
  @Test("multiply-adds and parameters of the tiny model, whatever the batch", arguments: [2, 3])
  func work(batch: Int) throws {
    var plan = ModelBenchmark.Plan()
    (plan.batch, plan.threads, plan.repetitions) = (batch, 1, 2)
    let found = try withThreadCountToItself {
      let before = Parallel.threadCount
      let found = try ModelBenchmark.run(try Workshop().recipe, plan)
      #expect(Parallel.threadCount == before)
      return found
    }
    #expect(found.work == 10_368 + 18 + 18)
    #expect(found.parameters == 162 + 12 + 21 + 21 && found.trainable == found.parameters)
    #expect(found.batch == batch && found.threads == 1)
    #expect(
      Set(found.inferenceTimes.components.map(\.name)).isSuperset(of: [
        "backbone", "head", "corrections.tiny",
      ]))
    let names = Set(found.trainingTimes.components.map(\.name))
    #expect(names.isSuperset(of: ["losses.tiny", "optimizer", "encoder"]))
  }

  /// In training the convolution's weight wants a gradient, its image does not: twice the forward work in all.
  @Test("the table books forward, backward and update apart")
  func table() throws {
    var plan = ModelBenchmark.Plan()
    (plan.batch, plan.repetitions) = (2, 1)
    let times = try withThreadCountToItself {
      try ModelBenchmark.run(try Workshop().recipe, plan).trainingTimes
    }
    let backbone = try #require(times.components.first { $0.name == "backbone" })
    #expect(backbone.work == 2 * 10_368)
    #expect(backbone.milliseconds[.forward] ?? 0 > 0 && backbone.milliseconds[.backward] ?? 0 > 0)
    let optimizer = try #require(times.components.first { $0.name == "optimizer" })
    #expect(Set(optimizer.milliseconds.keys) == [.update] && optimizer.gigaflops == nil)
  }

  @Test("the median of an even count is the mean of the middle two")
  func median() {
    #expect([3.0, 1, 2].median == 2 && [4.0, 1, 2, 3].median == 2.5 && [Double]().median == 0)
  }

  @Test("a child's output, exit code and absence")
  func child() throws {
    let folder = try TemporaryFolder("child")
    let told = try ChildProcess.run(
      "/bin/sh", ["-c", "echo $WORD; echo bad >&2; exit 3"], environment: ["WORD": "good"], in: folder.path)
    #expect(told.output == "good\n" && told.remarks == "bad\n" && told.code == 3 && told.seconds > 0)
    #expect(
      try ChildProcess.run("/bin/sh", ["-c", "kill -9 $$"], environment: [:], in: folder.path).code == 137)
    #expect(throws: RunProblem.self) {
      try ChildProcess.run("/nowhere/program", [], environment: [:], in: folder.path)
    }
  }
}
