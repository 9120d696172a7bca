import Support
import Testing

@testable import TensorKit

@Suite("Memory of tensors")
struct MemoryTests {
  @Test(
    "a shape's elements are counted, or said to be none",
    arguments: [
      ([], 1), ([3, 4], 12), ([0, 1 << 62], 0), ([-1, 2], nil), ([1 << 32, 1 << 32], nil),
      // Wraps to 4 where nobody looks.
      ([4_194_305, 4_194_305, 211_106_198_978_564], nil), ([.max], nil), ([.max, 2], nil),
    ] as [([Int], Int?)])
  func counted(shape: [Int], expected: Int?) { #expect(shape.countedElements == expected) }

  #if compiler(>=6.2)  // the first with exit tests
    /// Of three tensors of 1,000,000 floats two live at once: 8,000,000 bytes, each rounded up to pages of 4 KiB. In a
    /// process of its own: other tests have tensors, too.
    @Test("the peak of a computation is what it held at once")
    func peak() async {
      await #expect(processExitsWith: .success) {
        let peak = TensorMemory.peak {
          var first: Tensor? = .zeros([1_000_000])
          let second = Tensor.zeros([1_000_000])
          withExtendedLifetime(first) {}
          first = nil
          let third = Tensor.zeros([1_000_000])
          withExtendedLifetime((second, third)) {}
        }
        require((8_000_000..<8_020_000).contains(peak), "\(peak)")
      }
    }

    @Test("more memory than there is ends the process with what was wanted")
    func tooMuch() async throws {
      let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        Running("encoder \"vit\"")({ _ = Tensor.zeros([1 << 40]) })
      }
      let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      // 2^40 floats of 4 bytes are 2^42 bytes, 2^22 MiB.
      #expect(text.hasPrefix("encoder \"vit\": out of memory: 4194304 MiB more are wanted for a tensor"))
      #expect(text.split(separator: "\n").count == 1)
    }

    @Test("helping threads and the way back name the component whose operation it was")
    func named() async throws {
      let helping = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        Parallel.threadCount = 4
        let head = Running("head \"mlp\"")
        head {
          Parallel.forEach(1000) { index in
            if index == 999 { require(false, "rows", "\(index)", "998") }
          }
        }
      }
      #expect(
        String(decoding: helping?.standardErrorContent ?? [], as: UTF8.self)
          == "head \"mlp\": rows: 999 does not fit 998\n")
      let back = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
        let tape = Tape()
        let leaf = tape.watch(Tensor.ones([2]))
        let running = Running("loss \"mine\"")
        let result = running {
          let sum = Tensor.zeros([1]).recorded(from: [leaf]) { _ in [.ones([3])] }
          return sum + leaf.sum()
        }
        tape.backward(from: result)
      }
      #expect(
        String(decoding: back?.standardErrorContent ?? [], as: UTF8.self)
          == "loss \"mine\": gradient: [3] does not fit [2]\n")
    }
  #endif
}
