import NeuralKit
import TensorKit

/// How a network looks at the input image: as it is, or at every n-th pixel.
///
/// IR-50 and MobileFaceNet were made for 112x112 pixels. POSTER++ feeds them 224x224 images by nearest
/// neighbour, which is every second pixel; a 48x48 image they see as it is.
public struct InputScale: Sendable {
  /// The option of networks that look so, for an `@OptionGroup`.
  public struct Options: ComponentOptions {
    @Option(
      "Largest side, in pixels, at which the image is seen; larger images are seen at every n-th pixel. 0: no limit.",
      0...) public var view = 0

    /// No limit.
    public init() {}
    /// - Parameter view: the side that the network was made for, in pixels.
    public init(view: Int) { self.view = view }
  }

  /// Every `step`-th pixel is seen.
  public let step: Int
  /// The side of what is seen.
  public let side: Int

  /// The smallest step that brings the image down to the pixels of `options.view`.
  /// - Throws: ``BuildIssue`` where that step does not divide the input.
  public init(_ options: Options, inputSize: Int) throws {
    let limit = options.view
    step = limit == 0 || limit >= inputSize ? 1 : (inputSize + limit - 1) / limit
    side = inputSize / step
    guard inputSize % step == 0 else {
      throw BuildIssue(
        "view",
        "the input has \(inputSize)x\(inputSize) pixels; seeing at most \(limit) of a side takes a step of \(step), "
          + "which does not divide \(inputSize). Use an input size that is a multiple of \(step), another view, or 0 "
          + "for no limit")
    }
  }

  /// The side after each of `count` halvings, as convolutions of stride 2 round it (up).
  /// - Throws: ``BuildIssue`` where nothing is left to halve.
  public func halved(_ count: Int) throws -> [Int] {
    var sides: [Int] = []
    for _ in 0..<count {
      let last = sides.last ?? side
      guard last > 1 else {
        throw BuildIssue(
          "",
          "sees the image at \(side)x\(side) pixels, too few to be halved \(count) times"
            + (count > 16 ? "" : "; use an input that is seen at \((1 << (count - 1)) + 1) pixels or more"))
      }
      sides.append((last + 1) / 2)
    }
    return sides
  }

  /// `[N, H, W, 3]` -> `[N, side, side, 3]`
  public func callAsFunction(_ images: Tensor) -> Tensor { step == 1 ? images : images.strided(by: step) }
}
