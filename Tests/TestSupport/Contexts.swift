import FERCore
import NeuralKit

extension BuildContext {
  /// A context for one component under test, with a store of its own.
  public static func fixture(
    classes: Int = 3, inputSize: Int = 32, embedding: Int? = nil, image: [PyramidLevel] = [],
    landmarks: [PyramidLevel] = [], path: String = ""
  ) -> BuildContext {
    var context = BuildContext(
      scope: ParameterScope(path: path), classes: (0..<classes).map { "class\($0)" }, inputSize: inputSize)
    context.imageLevels = image
    context.landmarkLevels = landmarks
    context.embedding = embedding
    return context
  }

  /// Where the component under test keeps its parameters.
  public var store: ParameterStore { scope.store }
}
