#if canImport(Glibc)
  import Glibc
#endif

/// Random numbers that depend on what they are for, never on who asked first.
///
/// A source is keyed by (seed, stream, epoch, sample): the same key gives the same numbers in any thread and
/// after any interruption. The generator is SplitMix64 (Steele, Lea and Flood 2014).
public struct RandomSource: Sendable {
  /// How far the state moves for one draw: 2⁶⁴ divided by the golden ratio, odd.
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  private var state: UInt64

  /// The source for one purpose: `stream` names it, epoch and sample number its draws.
  public init(seed: UInt64, stream: String, epoch: UInt64 = 0, sample: UInt64 = 0) {
    var key = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    for part in [Self.hash(stream), epoch, sample] {
      key = Self.mixed(key ^ Self.mixed(part &+ 0xD1B5_4A32_D192_ED03))
    }
    state = key
  }

  private init(state: UInt64) { self.state = state }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }

  /// At least 0, below 1, in steps of 2⁻²⁴.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// Normally distributed, mean 0, deviation 1 (Box and Muller 1958).
  public mutating func normal() -> Float {
    let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53))
  }

  /// 0 ..< bound, each equally likely; 0 where the bound is not positive.
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 0 else { return 0 }
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The elements in random order (Fisher and Yates).
  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for index in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(index, below(index + 1)) }
    return result
  }

  /// The source after `draws` calls of ``next()``, without making them; this one does not move. SplitMix64's
  /// state moves by a constant, so this costs the same for any number. ``uniform()`` and ``below(_:)`` draw once,
  /// ``normal()`` twice.
  public func advanced(by draws: Int) -> RandomSource {
    RandomSource(state: state &+ Self.step &* UInt64(bitPattern: Int64(draws)))
  }

  /// An independent source; this one does not move.
  public func split(_ stream: String) -> RandomSource {
    RandomSource(state: Self.mixed(state ^ Self.hash(stream)))
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
