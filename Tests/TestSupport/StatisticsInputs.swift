import Foundation
import TensorKit

// The inputs of `Tests/Fixtures/Statistics/make.py`, number for number.

/// What that script wrote to `Tests/Fixtures/Statistics/NAME.json`.
public func statisticsFixture<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
  let file = Golden.folder.appendingPathComponent("Statistics/\(name).json")
  return try JSONDecoder().decode(type, from: Data(contentsOf: file))
}

/// Numbers 0 ..< `classCount` that belong to `name`.
public func seededClasses(_ name: String, _ count: Int, classCount: Int) -> [Int] {
  uniform(name, count).map { Int((Double($0) + 1) / 2 * Double(classCount)) }
}

/// A distribution for each label, mostly sure and mostly right.
public func seededDistributions(_ name: String, labels: [Int], classCount: Int) -> [[Double]] {
  let base = uniform(name, labels.count * classCount).map { Double($0) + 1 }
  return labels.enumerated().map { row, label in
    let weights = (0..<classCount).map { column in
      let value = base[row * classCount + column]
      let weight = value * value * value * value * value * value + 1e-6
      return column == label ? weight * 6 : weight
    }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}

/// Points near a surface of few dimensions, point i about centre i % classCount.
public struct SeededClusters: Decodable, Sendable {
  let count: Int
  let width: Int
  let classCount: Int
  let latent: Int
  let noise: Double

  /// The set of that size.
  public init(count: Int, width: Int, classCount: Int, latent: Int, noise: Double) {
    (self.count, self.width, self.classCount) = (count, width, classCount)
    (self.latent, self.noise) = (latent, noise)
  }

  /// The centre of each point.
  public var labels: [Int] { (0..<count).map { $0 % classCount } }

  /// `[count, width]`
  public func points(_ name: String) -> Tensor {
    let part = { (part: String, count: Int) in uniform("statistics.\(name).\(part)", count).map(Double.init) }
    let (centres, places) = (part("centres", classCount * latent), part("places", count * latent))
    let (directions, shake) = (part("directions", latent * width), part("noise", count * width))
    let values = (0..<count * width).map { index -> Float in
      let (row, column) = (index / width, index % width)
      var value = noise * shake[index]
      for axis in 0..<latent {
        let along = 2 * centres[row % classCount * latent + axis] + places[row * latent + axis]
        value += along * directions[axis * width + column]
      }
      return Float(value)
    }
    return Tensor([count, width], values)
  }
}

/// Whether two numbers differ by at most so much, or that share of the larger; numbers that are none are equal.
public func isClose(_ found: Double?, _ expected: Double?, within allowed: Double = 1e-6) -> Bool {
  guard let found, let expected else { return found == nil && expected == nil }
  if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
  return found == expected || abs(found - expected) <= allowed * max(1, abs(expected))
}
