import TensorKit

/// The size of one level of a feature pyramid: `[N, height, width, channels]` without the batch.
public struct PyramidLevel: Equatable, Sendable, CustomStringConvertible {
  /// Rows of the map.
  public let height: Int
  /// Columns of the map.
  public let width: Int
  /// Features at each place.
  public let channels: Int

  /// A level of so many rows, columns and features.
  public init(height: Int, width: Int, channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
  }

  /// As in "28x28x128".
  public var description: String { "\(height)x\(width)x\(channels)" }
}

/// Feature maps of falling resolution.
public struct FeaturePyramid: Sendable {
  /// `[N, Hi, Wi, Ci]`, the coarsest last.
  public var levels: [Tensor]
  /// What was noticed on the way, such as the places of landmarks.
  public var evidence: Evidence

  /// Maps `[N, Hi, Wi, Ci]`, the coarsest last, and what was noticed on the way to them.
  public init(levels: [Tensor], evidence: Evidence = [:]) {
    (self.levels, self.evidence) = (levels, evidence)
  }
}
