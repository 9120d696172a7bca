import FERCore
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("Memory of a training, reckoned before it")
struct MemoryForecastTests {
  private func forecast(_ overrides: String..., isFresh: Bool = true) throws -> MemoryForecast {
    let recipe = try Workshop(overrides).recipe
    return try MemoryForecast(
      try recipe.buildModel(), recipe, recipe.training, samples: 1000, isFresh: isFresh)
  }

  /// Trained: convolution 6·3·3·3, norm 6 + 6, head and correction 3·6 + 3 each: 216 numbers. The norm's mean and variance
  /// are 12 more. Each has a gradient, adam keeps two numbers of each, the average one: 4 (3·216 + 228) bytes.
  @Test("gradients, optimiser and average by count, the batch by the rows that go through at once")
  func counted() throws {
    let whole = try forecast("training.batch=400")
    #expect(whole.needed - whole.batch == 4 * (3 * 216 + 228) && whole.rows == 400)
    let resumed = try forecast("training.batch=400", "training.accumulate=4", isFresh: false)
    #expect(resumed.needed - resumed.batch == 4 * 216 && resumed.rows == 100)
  }

  #if compiler(>=6.2)  // the first with exit tests
    /// A level of 8x8 places of 6 numbers is 1,536 bytes an image. In a process of its own: other tests have tensors, too.
    @Test("a batch takes at least what its maps take, and twice the rows twice as much")
    func batch() async {
      await #expect(processExitsWith: .success) {
        // What two threads need for a moment each may or may not meet in time.
        Parallel.threadCount = 1
        let few = try MemoryForecastTests().forecast("training.batch=100")
        let many = try MemoryForecastTests().forecast("training.batch=200")
        guard few.batch >= 100 * 1536, many.batch == 2 * few.batch else {
          stop("\(few.batch), \(many.batch)")
        }
      }
    }
  #endif

  @Test("it leaves the model as it was")
  func traceless() throws {
    let recipe = try Workshop().recipe
    let model = try recipe.buildModel()
    let before = model.store.all.map(\.value.values)
    _ = try MemoryForecast(model, recipe, recipe.training, samples: 10, isFresh: true)
    #expect(model.store.all.map(\.value.values) == before)
    #expect(model.store.all.allSatisfy { $0.gradient == nil })
  }

  @Test("more than there is is told with both numbers; what fits is not")
  func warning() throws {
    let forecast = try forecast("training.batch=400")
    func limits(_ available: Int) -> MemoryLimits {
      var limits = MemoryLimits.current
      (limits.available, limits.source) = (available, .group)
      return limits
    }
    #expect(forecast.warning(within: limits(forecast.needed)) == nil)
    let told = try #require(forecast.warning(within: limits(forecast.needed - 1)))
    #expect(
      told.hasPrefix(
        "this training needs about \(ByteCount.text(forecast.needed)) more of memory, and there are "))
    #expect(told.contains("a container's limit") && told.contains("400 images that go through at once"))
  }
}
