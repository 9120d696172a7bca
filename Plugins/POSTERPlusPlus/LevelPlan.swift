import FERCore

/// The sizes of one level of ``WindowViT``, worked out from its options and from what backbone and landmark
/// extractor deliver.
struct LevelPlan: Equatable {
  /// Counted from 1.
  let number: Int
  let channels: Int
  /// Side of the fused map: half the image level, rounded up.
  let side: Int
  let heads: Int
  let window: Int
  let dropPath: Float
  let landmarkChannels: Int?
  /// Convolutions of stride 2 down to the token grid.
  let halvings: Int
  /// Side of the token grid.
  let grid: Int

  var tokenCount: Int { grid * grid }

  /// - Throws: ``BuildIssue`` naming the option that does not fit, in numbers.
  static func plans(
    _ options: WindowViT.Options, image: [PyramidLevel], landmarks: [PyramidLevel]
  ) throws -> [LevelPlan] {
    guard !image.isEmpty else {
      throw BuildIssue("", "needs the levels of a backbone, and none comes before it")
    }
    try requireSquare(image, "backbone")
    try requireSquare(landmarks, "landmark extractor")
    guard landmarks.isEmpty || landmarks.count == image.count else {
      throw BuildIssue(
        "",
        "the backbone delivers \(image.count) levels and the landmark extractor \(landmarks.count); "
          + "they are fused level by level, so there must be as many of both")
    }
    try requireCount(options.windows, "windows", levels: image.count)
    try requireCount(options.heads, "heads", levels: image.count)
    let sides = image.map { ($0.height + 1) / 2 }
    let grid = options.tokens == 0 ? sides.min() ?? 1 : options.tokens
    return try image.indices.map { i in
      let landmark = landmarks.isEmpty ? nil : landmarks[i]
      let dropPath = Float(i) * options.dropPath
      guard dropPath < 1 else {
        throw BuildIssue(
          "dropPath", "grows to \(dropPath) at level \(i + 1) of \(image.count), must stay below 1")
      }
      return LevelPlan(
        number: i + 1, channels: image[i].channels, side: sides[i],
        heads: try heads(options.heads, at: i, channels: image[i].channels),
        window: try window(options.windows, at: i, side: sides[i], landmark: landmark), dropPath: dropPath,
        landmarkChannels: landmark?.channels, halvings: try halvings(at: i, from: sides[i], to: grid),
        grid: grid)
    }
  }

  private static func requireSquare(_ levels: [PyramidLevel], _ source: String) throws {
    for level in levels where level.height != level.width {
      throw BuildIssue("", "needs square maps, and the \(source) delivers \(level)")
    }
  }

  private static func requireCount(_ values: [Int], _ key: String, levels: Int) throws {
    guard values.isEmpty || values.count == levels else {
      throw BuildIssue(key, "needs one number for each of the \(levels) levels, has \(values.count)")
    }
  }

  private static func heads(_ heads: [Int], at index: Int, channels: Int) throws -> Int {
    guard !heads.isEmpty else { return channels % 32 == 0 ? channels / 32 : 1 }
    guard channels % heads[index] == 0 else {
      throw BuildIssue(
        "heads",
        "\(heads[index]) heads do not divide the \(channels) channels of level \(index + 1); "
          + "dividing numbers: \(divisors(of: channels))")
    }
    return heads[index]
  }

  private static func window(
    _ windows: [Int], at index: Int, side: Int, landmark: PyramidLevel?
  ) throws -> Int {
    let window = windows.isEmpty ? side : windows[index]
    let level = "level \(index + 1)"
    guard side % window == 0 else {
      throw BuildIssue(
        "windows",
        "window \(window) does not divide the \(side)x\(side) map of \(level); "
          + "dividing windows: \(divisors(of: side))")
    }
    if let landmark, landmark.height < window {
      throw BuildIssue(
        "windows",
        "window \(window) is larger than the \(landmark.height)x\(landmark.width) landmark map of \(level); "
          + "windows that fit: \(divisors(of: side, upTo: landmark.height))")
    }
    return window
  }

  private static func halvings(at index: Int, from side: Int, to grid: Int) throws -> Int {
    guard let count = TokenEmbedding.halvings(from: side, to: grid) else {
      throw BuildIssue(
        "tokens",
        "the \(side)x\(side) map of level \(index + 1) cannot be halved to a grid of \(grid)x\(grid) tokens; "
          + "it can to \(halves(of: side))")
    }
    return count
  }

  private static func divisors(of number: Int, upTo limit: Int = .max) -> String {
    (1...number).filter { number % $0 == 0 && $0 <= limit }.map(String.init).joined(separator: ", ")
  }

  private static func halves(of side: Int) -> String {
    var sides = [side]
    while let last = sides.last, last > 1 { sides.append((last + 1) / 2) }
    return sides.map(String.init).joined(separator: ", ")
  }
}
