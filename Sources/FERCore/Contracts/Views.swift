import NeuralKit
import TensorKit

/// Makes several images of one: the face as a whole, an eye, the mouth ...
///
/// Boxes are cut from the augmented image, in evaluation from the plain one, brought to the input size and
/// normalised.
public protocol Views: Component, Sendable where Kind == any Views {
  /// How many, and which shows the whole face.
  var plan: ViewPlan { get }
  /// - Parameter width: of the image, in pixels.
  /// - Parameter height: of the image, in pixels.
  /// - Parameter random: in training a source of its own for this image and epoch; in evaluation the same for every
  ///   image.
  /// - Returns: a box for each view of the plan, inside the image.
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box]
}
/// How many views of a sample there are.
public struct ViewPlan: Sendable, Equatable {
  /// V, from 1 to 256.
  public let count: Int
  /// The view that shows the whole face, where one does.
  public let wholeFace: Int?

  /// V views, of which one may show the whole face.
  public init(count: Int, wholeFace: Int? = nil) { (self.count, self.wholeFace) = (count, wholeFace) }

  /// What is wrong with it; nil where nothing is.
  var problem: String? {
    guard 1...256 ~= count else { return "makes \(count) views of an image; there must be 1 to 256" }
    guard let wholeFace, !(0..<count ~= wholeFace) else { return nil }
    return "says that view \(wholeFace) shows the whole face, and there are only 0...\(count - 1)"
  }

  /// The image as it is.
  public static let single = ViewPlan(count: 1, wholeFace: 0)
}

/// A part of an image, in pixels: rows `top ..< bottom`, columns `left ..< right`.
public struct Box: Sendable, Equatable {
  /// The first column.
  public let left: Int
  /// The first row.
  public let top: Int
  /// The column after the last.
  public let right: Int
  /// The row after the last.
  public let bottom: Int

  /// The rows `top ..< bottom` and columns `left ..< right`.
  public init(left: Int, top: Int, right: Int, bottom: Int) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// A share of an image: 0 is its left or upper edge, 1 the other. Sides are cut off to whole pixels.
  public init(left: Double, top: Double, right: Double, bottom: Double, ofWidth width: Int, height: Int) {
    let at = { (share: Double, side: Int) in Int(min(1, max(0, share)) * Double(side)) }
    self.init(
      left: at(left, width), top: at(top, height), right: at(right, width), bottom: at(bottom, height))
  }

  /// Whether it holds pixels, all of them of an image of that size.
  package func lies(inWidth width: Int, height: Int) -> Bool {
    0 <= left && left < right && right <= width && 0 <= top && top < bottom && bottom <= height
  }
}
