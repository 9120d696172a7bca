import FERCore
import NeuralKit
import TensorKit

/// How the image's feature map becomes as many tokens as the landmarks' map has places.
///
/// - `flat`: as published. The map lies in memory channel by channel, row by row, and is cut into equal runs: of a
///   14x14x256 map 49 runs of 1024 numbers, some five channels each over the whole face, which belong to no place.
///   Published weights have learned it so.
/// - `patch`: each token is what the map shows at the place of one landmark token: of the same map, 2x2 places with
///   256 channels each.
///
/// ## Shapes
/// `[N, H, W, C]` -> `[N, T, H·W·C / T]`
enum MapReading: String, OptionChoice {
  case flat, patch

  /// The numbers of a token.
  /// - Throws: ``BuildIssue`` naming the option `reading` where the map cannot be shared out so.
  func tokenSize(of map: PyramidLevel, at grid: PyramidLevel) throws -> Int {
    let (numbers, tokens) = (map.height * map.width * map.channels, grid.height * grid.width)
    switch self {
    case .flat:
      guard numbers % tokens == 0 else {
        throw BuildIssue(
          "reading",
          "the \(numbers) numbers of the backbone's \(map) cannot be cut into \(tokens) equal tokens, one for each "
            + "place of the landmark extractor's \(grid)")
      }
    case .patch:
      guard map.height % grid.height == 0, map.width % grid.width == 0 else {
        throw BuildIssue(
          "reading",
          "the backbone's \(map) cannot be cut into \(grid.height)x\(grid.width) equal patches, one for each place of "
            + "the landmark extractor's \(grid)")
      }
    }
    return numbers / tokens
  }

  /// See the type's shapes.
  func tokens(of map: Tensor, at grid: PyramidLevel) -> Tensor {
    let (count, height, width, channels) = (map.shape[0], map.shape[1], map.shape[2], map.shape[3])
    let tokens = grid.height * grid.width
    switch self {
    case .flat:
      return map.reshaped([count, height * width, channels]).permuted([0, 2, 1])
        .reshaped([count, tokens, height * width * channels / tokens])
    case .patch:
      let (rows, columns) = (height / grid.height, width / grid.width)
      return map.reshaped([count, grid.height, rows, grid.width, columns, channels])
        .permuted([0, 1, 3, 2, 4, 5]).reshaped([count, tokens, rows * columns * channels])
    }
  }
}
