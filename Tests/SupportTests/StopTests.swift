import Foundation
import Support
import Testing

/// How a process ends where nobody can be told of a fault by an error.
@Suite("The end of a process")
struct StopTests {
  @Test("a thread knows whose code it runs, inside and outside")
  func running() throws {
    let head = Running("head \"mlp\"")
    #expect(Running.current.text == nil)
    var seen: [String?] = []
    head {
      seen.append(Running.current.text)
      Running("sampler \"a\"")({ seen.append(Running.current.text) })
      seen.append(Running.current.text)
    }
    #expect(seen == ["head \"mlp\"", "sampler \"a\"", "head \"mlp\""])
    #expect(throws: CancellationError.self) { try head { () throws -> Void in throw CancellationError() } }
    #expect(Running.current.text == nil)
  }

  @Test("a started thread runs its work")
  func started() {
    let condition = NSCondition()
    nonisolated(unsafe) var isDone = false
    let isRunning = StartedThread.run("a name longer than fifteen bytes", stackSize: 1 << 20) {
      condition.withLock {
        isDone = true
        condition.signal()
      }
    }
    #expect(isRunning)
    condition.withLock { while !isDone { condition.wait() } }
  }

  #if compiler(>=6.2)  // the first with exit tests
    @Test("one sentence on standard error, begun by the component that runs, and exit code 1")
    func stopped() async throws {
      let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        Running("loss \"a\"")({ () -> Void in stop("gets [2], expected [1]") })
      }
      #expect(Self.text(result?.standardErrorContent) == "loss \"a\": gets [2], expected [1]\n")
    }

    @Test("the code of a wrong request, and no component where none runs")
    func code() async throws {
      let result = await #expect(processExitsWith: .exitCode(2), observing: [\.standardErrorContent]) {
        require(true, "never said")
        stop("too many", code: 2)
      }
      #expect(Self.text(result?.standardErrorContent) == "too many\n")
    }

    @Test("a trap in a component's code becomes a sentence that names it")
    func trapped() async throws {
      let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        unsetenv("SWIFT_BACKTRACE")
        tellOfTraps()
        let numbers = [Int](repeating: 1, count: CommandLine.arguments.count)
        Running("encoder \"mine\"")({ print(numbers[numbers.count + 7]) })
      }
      #expect(
        Self.text(result?.standardErrorContent).contains(
          "\nencoder \"mine\": its code failed one of Swift's checks")
          || Self.text(result?.standardErrorContent).hasPrefix("encoder \"mine\": its code failed one of"))
    }

    private static func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }
  #endif
}
