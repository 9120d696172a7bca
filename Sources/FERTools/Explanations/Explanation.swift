import FERCore
import TensorKit

/// Why a model says what it says of one image.
package struct Explanation: Sendable {
  /// Which of its distributions is explained.
  package enum Subject: String, CaseIterable, Sendable { case final, primary }

  /// One level of the backbone.
  package struct Level: Sendable {
    /// Counted from 1, the coarsest last.
    package let number: Int
    package let size: PyramidLevel
    /// Where on the face it speaks for the class (``GradCAM``); nil where the score does not depend on this level.
    package let activation: FaceMap?
  }

  /// A map that a part let be seen, such as an encoder's attention.
  package struct Attention: Sendable {
    package let name: String
    package let map: FaceMap
  }

  /// Everything that `predict` says of the image, to the bit.
  package let row: EvaluatedSample
  /// The distribution whose score was followed back.
  package let subject: Subject
  /// The class whose score it was.
  package let label: Int
  /// That score: of the primary distribution what the head gave the class before the softmax, of the final one the
  /// logarithm of its probability.
  package let score: Float
  package let levels: [Level]
  package let attention: [Attention]
  /// Those nearest to the image, the nearest first; none where the model has none.
  package let anchors: [NearAnchor]
  /// The training faces nearest to the image, the nearest first; none where they are not at hand.
  package let faces: [TrainingFaces.Near]
}

/// An anchor near an image.
package struct NearAnchor: Sendable {
  /// The class it belongs to.
  package let label: Int
  /// Its number among those of its class, from 1.
  package let number: Int
  /// From the image's embedding, in units of the embedding: equation 12 of ARBEx, arXiv:2305.01486.
  package let distance: Double
  /// The training faces nearest to the anchor, the nearest first; none where they are not at hand.
  package var faces: [TrainingFaces.Near] = []

  /// The anchors nearest to an embedding, among those that the evidence holds: points of the embedding's space that belong
  /// to classes, `[C, K, D]`.
  /// - Parameter count: at most so many.
  /// - Parameter faces: where the training faces near to each come from.
  static func nearest(
    to embedding: [Float], in evidence: Evidence, classCount: Int, count: Int, faces: TrainingFaces?
  ) -> [NearAnchor] {
    let marks = evidence.classPoints(classCount: classCount, embeddingSize: embedding.count)
    let found = marks.flatMap { _, value in
      let (each, size, values) = (value.shape[1], value.shape[2], value.values)
      return (0..<classCount * each).map { place in
        let anchor = Array(values[place * size..<(place + 1) * size])
        return (place: place, each: each, anchor: anchor, distance: anchor.distance(to: embedding))
      }
    }
    return found.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(count).map {
      NearAnchor(
        label: $0.place / $0.each, number: $0.place % $0.each + 1, distance: $0.distance,
        faces: faces?.nearest(to: $0.anchor, count: count) ?? [])
    }
  }
}

extension RandomAccessCollection where Element == Float, Index == Int {
  /// The Euclidean distance of two points, summed in double precision.
  func distance(to other: [Float]) -> Double {
    var sum = 0.0
    for (one, two) in zip(self, other) {
      let gap = Double(one) - Double(two)
      sum += gap * gap
    }
    return sum.squareRoot()
  }
}
