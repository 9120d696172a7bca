import TensorKit

/// Looks on while a model runs, for somebody who asks why it answers so. All other passes have none, and what is made for
/// it alone costs them nothing.
package final class PassWitness {
  /// One run of a model: over an image, or over its mirror image.
  package struct Run {
    /// The backbone's maps `[N·V, Hi, Wi, Ci]`, on the tape where there is one.
    package fileprivate(set) var levels: [Tensor] = []
    /// What parts let be seen (``ForwardPass/show(_:_:)``), in the order in which they ran, without a history.
    package fileprivate(set) var maps: [(name: String, map: Tensor)] = []
  }

  /// What was seen, one run after another.
  package private(set) var runs: [Run] = []

  /// A witness that has seen nothing yet.
  package init() {}

  /// A run begins.
  package func begin() { runs.append(Run()) }

  /// The backbone is through.
  package func see(levels: [Tensor]) { runs[runs.count - 1].levels = levels }

  fileprivate func see(_ name: String, _ map: Tensor) {
    if runs.isEmpty { begin() }
    runs[runs.count - 1].maps.append((name, map.detached))
  }
}

extension ForwardPass {
  /// Lets whoever asks why see what a part looked at, such as an encoder's attention. No other pass makes the map, and
  /// nothing may depend on it: it is no evidence, which every pass delivers.
  /// - Parameter name: letters, digits and "-", one of its own for each map of a model.
  /// - Parameter map: how much each place of the face counted, `[N, h, w]` (of a part that sees V views as samples,
  ///   `[N·V, h, w]`), at least 0.
  public func show(_ name: String, _ map: @autoclosure () -> Tensor) { witness?.see(name, map()) }
}
