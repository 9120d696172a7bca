import TensorKit

/// The name of something that a stage noticed, and how its numbers lie.
public struct EvidenceKey: Hashable, Sendable, CustomStringConvertible {
  /// How the numbers lie, which also decides where people get to see them. Backbone and landmarks see V views of a sample
  /// as N·V samples; behind the encoder what they noticed is of N samples again: `sample` has become `views`, a `map` is
  /// that of the whole face (`rows` where no view shows it), and `rows` are `[N, V, ...]`.
  public enum Layout: String, Hashable, Sendable {
    /// `[N, 1]`: a column of `predictions.csv`, a number in JSON.
    case sample
    /// `[N, V]`: a number for each view of a sample; likewise.
    case views
    /// `[N, h, w]`: over the face; in JSON.
    case map
    /// `[N, ...]`: for later stages and losses only.
    case rows
    /// No axis of samples. With C classes and the embedding's size D, `[C, K, D]` are points of the classes, as anchors are:
    /// pictures of embeddings show them, and tables tell those that are nearest to a sample.
    case shared
  }

  /// Letters, digits and "-": a word for files.
  public let name: String
  /// How the numbers lie.
  public let layout: Layout

  /// A key that belongs to the plug-in which provides it.
  public init(_ name: String, _ layout: Layout) { (self.name, self.layout) = (name, layout) }

  /// Whether the name is one.
  var isWord: Bool {
    !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
  }

  /// What it is behind the encoder where backbone or landmarks notice it of each of these views.
  func folded(_ views: ViewPlan) -> EvidenceKey {
    guard views.count > 1 else { return self }
    switch layout {
    case .sample: return EvidenceKey(name, .views)
    case .map where views.wholeFace == nil: return EvidenceKey(name, .rows)
    default: return self
    }
  }

  /// The name.
  public var description: String { name }

  /// What is wrong with the shape of such evidence in a pass over `rows` samples with `views` views; nil where nothing is.
  package func problem(with shape: [Int], rows: Int, views: Int) -> String? {
    let isRight: Bool
    let expected: String
    switch layout {
    case .sample: (isRight, expected) = (shape == [rows, 1], "[\(rows), 1]")
    case .views: (isRight, expected) = (shape == [rows, views], "[\(rows), \(views)]")
    case .map: (isRight, expected) = (shape.count == 3 && shape[0] == rows, "[\(rows), h, w]")
    case .rows: (isRight, expected) = (shape.first == rows, "[\(rows), ...]")
    case .shared: (isRight, expected) = (true, "")
    }
    return isRight ? nil : "the evidence \"\(name)\" has shape \(shape), expected \(expected)"
  }
}

/// What stages noticed, by key.
public typealias Evidence = [EvidenceKey: Tensor]

extension [EvidenceKey: Tensor] {
  /// Walked in the order of names, so that nothing depends on hashing.
  package var byName: [(key: EvidenceKey, value: Tensor)] { sorted { $0.key.name < $1.key.name } }

  /// What is points of classes, `[C, K, D]`, in the order of names.
  package func classPoints(classCount: Int, embeddingSize: Int) -> [(key: EvidenceKey, value: Tensor)] {
    byName.filter { key, value in
      key.layout == .shared && value.rank == 3 && value.shape[0] == classCount && value.shape[1] > 0
        && value.shape[2] == embeddingSize
    }
  }

  /// Both; of equal keys the later counts.
  func adding(_ later: Evidence) -> Evidence { later.isEmpty ? self : merging(later) { $1 } }
}
