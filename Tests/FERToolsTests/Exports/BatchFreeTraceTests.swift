import FERTraining
import TensorKit
import TestSupport
import Testing

@testable import FERTools

@Suite("A model for any number of images, from two traces")
struct BatchFreeTraceTests {
  /// A function of images `[N, 4, 4, 3]`, traced over two images and over three others.
  static func traced(_ body: (Tensor) -> Tensor) throws -> BatchFreeTrace {
    func run(_ count: Int) -> BatchFreeTrace.Run {
      let trace = Trace()
      let images = Tensor([count, 4, 4, 3], uniform("images \(count)", count * 48))
      let output = body(Tape(tracing: trace).watch(images))
      return BatchFreeTrace.Run(trace: trace, images: count, outputs: [("y", output)])
    }
    return try BatchFreeTrace(run(2), run(3))
  }

  private func refusal(_ body: (Tensor) -> Tensor) throws -> String {
    let problem = try #require(throws: RunProblem.self) { try Self.traced(body) }
    #expect(problem.isRequest)
    return problem.description
  }

  @Test("axes that grow with the images are told from those that do not")
  func lengths() throws {
    let trace = try Self.traced { $0.reshaped([-1, 3]).sum(along: 1).reshaped([-1, 16]) }
    #expect(
      trace.steps.map(\.shape) == [
        [.perImage(1), .fixed(4), .fixed(4), .fixed(3)], [.perImage(16), .fixed(3)], [.perImage(16)],
        [.perImage(1), .fixed(16)],
      ])
    #expect(BatchLength((5, 7), images: (2, 3)) == nil && BatchLength((4, 7), images: (2, 3)) == nil)
    #expect(BatchLength((4, 6), images: (2, 3)) == .perImage(2))
  }

  @Test("a constant that says the same of every image is one for all")
  func repeated() throws {
    let token = Tensor([1, 1, 3], [1, 2, 3])
    let trace = try Self.traced { images in
      let rows = images.reshaped([-1, 16, 3])
      return Tensor.concatenated([token.broadcast(to: [rows.shape[0], 1, 3]), rows], along: 1)
    }
    guard case .eachImage(let rows) = trace.steps[2].operands[0] else {
      Issue.record("no constant of each image: \(trace.steps[2].operands)")
      return
    }
    #expect(rows.shape == [1, 1, 3] && rows.values == [1, 2, 3])
  }

  @Test("what the outputs do not need is left out")
  func unneeded() throws {
    let trace = try Self.traced { images in
      _ = images.exp()
      return images.sigmoid()
    }
    #expect(trace.steps.map(\.operation) == [.input, .sigmoid] && trace.outputs[0].step == 1)
  }

  @Test("numbers that were read from the images are refused, as constants, as choices and as results")
  func read() throws {
    let constant = try refusal { $0 * Tensor.scalar($0.values[0]) }
    #expect(
      constant.hasPrefix(
        "the model cannot be written as ONNX:\n  the model: reads numbers that were made of the image (values); what becomes of "
          + "them is not recorded\n  the model: multiply works on numbers of shape [1] that were made of the "
          + "image where no operation was recorded\n"), "\(constant)")
    let choice = try refusal { images in
      let rows = images.reshaped([-1, 48])
      return rows.gathered(places: rows.topPlaces(2))
    }
    #expect(
      choice.contains("the model: does other things from image to image") && choice.contains("gatherRows"),
      "\(choice)")
    let steps = try refusal { $0.shape[0] == 2 ? $0.exp() : $0.log() }
    #expect(steps.contains("the model: does other things from image to image (step 1, exp)"), "\(steps)")
    #expect(try refusal { Tensor($0.shape, $0.values) }.contains("\"y\" does not depend on the image"))
  }

  @Test("a result that follows no batch is refused with both shapes")
  func strange() throws {
    let text = try refusal { images in
      images.reshaped([-1, 3]).sliced(along: 0, from: 0, count: images.shape[0] == 2 ? 5 : 7)
    }
    #expect(text.contains("a result of shape [5, 3] with 2 images and [7, 3] with 3"), "\(text)")
  }

  @Test("an operation that nobody knows is refused by its name")
  func unknown() throws {
    func mirrored(_ x: Tensor) -> Tensor {
      Tensor(x.shape, x.values.reversed()).recorded(from: [x]) { [$0] }
    }
    let text = try refusal { mirrored($0).exp() }
    #expect(
      text.contains("the model: the operation \"mirrored\" is made of none that has a counterpart in ONNX"),
      "\(text)")
  }

  @Test("every way to read numbers is noticed where the images decide, and none where they do not")
  func reads() throws {
    let readings: [(String, @Sendable (Tensor) -> Void)] = [
      ("values", { _ = $0.values }), ("item", { _ = $0.detached.item }),
      ("withValues", { $0.withValues { _ in } }),
      ("argmax", { _ = $0.argmax() }), ("sortedPlaces", { _ = $0.sortedPlaces() }),
    ]
    for (name, read) in readings {
      let text = try refusal { images in
        read(images)
        return images.exp()
      }
      #expect(text.contains("(\(name))"), "\(text)")
    }
    let constant = Tensor.ones([3])
    #expect(try Self.traced { $0 * Tensor([3], constant.values) }.steps.count == 2)
  }

  @Test("a file that would be larger than its format allows is refused with its size")
  func large() throws {
    var graph = ONNXGraph(name: "large")
    graph.initializers = [
      ONNXGraph.Initializer(name: "w", shape: [1000], content: .numbers(.zeros([1000])))
    ]
    let folder = TestFolder()
    let problem = try #require(throws: RunProblem.self) {
      _ = try ONNXFile(graph: graph, metadata: [], largest: 4000).write(to: folder / "x.onnx")
    }
    #expect(problem.isRequest && problem.description.contains("x.onnx: the model takes "))
    #expect(folder.names().isEmpty)
    #expect(try ONNXFile(graph: graph, metadata: [], largest: 5000).write(to: folder / "x.onnx") > 4000)
  }
}
