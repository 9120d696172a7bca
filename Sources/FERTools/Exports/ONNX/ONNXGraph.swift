import TensorKit

/// A computation in the vocabulary of ONNX: nodes in the order in which they run, and the arrays that they begin with.
struct ONNXGraph {
  /// What says how a node works.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case number(Float)
  }

  /// One operator.
  struct Node {
    /// "Conv".
    let type: String
    /// Names; "" for one that is left out.
    let inputs: [String]
    /// Names; the first is the node's own too.
    let outputs: [String]
    let attributes: [(name: String, value: Attribute)]
    /// The component whose work it is; "" where it is none's.
    let component: String
  }

  /// An array that is there from the start.
  struct Initializer {
    enum Content {
      case numbers(Tensor)
      case integers([Int])
    }

    let name: String
    let shape: [Int]
    let content: Content

    /// Its bytes.
    var size: Int {
      switch content {
      case .numbers(let tensor): 4 * tensor.count
      case .integers(let numbers): 8 * numbers.count
      }
    }
  }

  /// What goes in or comes out: 32-bit floats.
  struct Value {
    let name: String
    let shape: [BatchLength]
  }

  /// What it is called.
  let name: String
  var inputs: [Value] = []
  var outputs: [Value] = []
  var nodes: [Node] = []
  var initializers: [Initializer] = []

  /// An empty graph.
  init(name: String) { self.name = name }
}

/// The length of an axis where nobody knows yet how many images there will be.
enum BatchLength: Equatable {
  case fixed(Int)
  /// So many for each image.
  case perImage(Int)

  /// The length of an axis that had one length with `first` images and one with `second`.
  /// - Returns: nil where it grew in another way than with the images.
  init?(_ lengths: (Int, Int), images: (Int, Int)) {
    let (first, second) = lengths
    if first == second {
      self = .fixed(first)
    } else if first % images.0 == 0, first / images.0 * images.1 == second {
      self = .perImage(first / images.0)
    } else {
      return nil
    }
  }

  /// The length that does not follow the batch.
  var fixed: Int? {
    if case .fixed(let length) = self { return length }
    return nil
  }
}
