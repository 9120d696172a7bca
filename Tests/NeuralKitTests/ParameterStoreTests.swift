import NeuralKit
import Testing

@Suite("Parameters of a model")
struct ParameterStoreTests {
  @Test("two of a name, and shapes that no memory holds, are noted and not counted up")
  func problems() {
    let store = ParameterStore()
    let scope = ParameterScope(store: store) / "head"
    _ = scope.parameter("weight", [2, 3], .zeros)
    #expect(store.problems.isEmpty)
    _ = scope.parameter("weight", [2, 3], .zeros)
    let huge = scope.buffer("mean", [1 << 40, 1 << 40], .zeros)
    _ = scope.parameter("bias", [-1], .zeros)
    #expect(
      store.problems == [
        "asks for two parameters named head.weight",
        "asks for the parameter head.mean of shape [1099511627776, 1099511627776], which no memory can hold",
        "asks for the parameter head.bias of shape [-1], which no memory can hold",
      ])
    #expect(huge.count == .max)
  }

  #if compiler(>=6.2)  // the first with exit tests
    @Test("a loop without an end is ended, as a wrong request")
    func endless() async throws {
      let result = await #expect(processExitsWith: .exitCode(2), observing: [\.standardErrorContent]) {
        let scope = ParameterScope()
        for number in 0... { _ = scope.parameter("\(number)", [1], .zeros) }
      }
      #expect(
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
          == "asks for more than 200000 parameters, the last 200000; make it smaller\n")
    }
  #endif
}
