/// What the processes of one training do together: a small protocol, so that nothing else knows how they reach each
/// other. Every process ("rank") calls the same function in the same order with operands of the same length.
package protocol Collective: AnyObject, Sendable {
  /// This process's number, 0 ..< ``size``.
  var rank: Int { get }
  /// How many processes there are.
  var size: Int { get }

  /// Puts the sum over all ranks in place of each rank's numbers, the same bits on every rank: ranks are added pairwise
  /// as a tree, (0 + 1) + (2 + 3), whatever arrives first.
  /// - Throws: ``CollectiveFault`` where a rank cannot be reached any more.
  func sum(_ numbers: UnsafeMutableBufferPointer<Float>) throws

  /// The rows of all ranks, one rank's behind the other's in their order, on every rank. Ranks may have different counts.
  /// - Throws: ``CollectiveFault``
  func gathered(_ rows: [Float]) throws -> [[Float]]

  /// The bytes of rank 0, on every rank; what others give is not looked at.
  /// - Throws: ``CollectiveFault``
  func broadcast(_ bytes: [UInt8]) throws -> [UInt8]

  /// Waits until every rank has come here.
  /// - Throws: ``CollectiveFault``
  func barrier() throws
}

/// How numbers are summed over processes: what decides how long it takes.
package enum SumSizes {
  /// Up to so many numbers one exchange, of everybody with everybody, is faster than two.
  package static let few = 2048
  /// Numbers that are summed at a time: 4 MB, which are in the cache when they are added.
  package static let bucket = 1 << 20
}

/// Why ranks cannot go on together.
package struct CollectiveFault: Error, CustomStringConvertible, Equatable, Sendable {
  /// One sentence.
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// One process, which has nobody to wait for.
package final class SingleProcess: Collective {
  package init() {}

  package var rank: Int { 0 }
  package var size: Int { 1 }
  package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {}
  package func gathered(_ rows: [Float]) -> [[Float]] { [rows] }
  package func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  package func barrier() {}
}
