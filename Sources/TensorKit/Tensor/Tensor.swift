import CKernels
import Support

/// An array of floats, row-major and contiguous, with the operations of a neural network.
///
/// Images and feature maps are `[N, H, W, C]`. A tensor's numbers never change once an operation has made it;
/// copies share them. A tensor that stems from a watched one (see ``Tape``) remembers how it was made.
public struct Tensor: Sendable {
  /// The length of each axis.
  public let shape: [Int]
  var storage: TensorStorage
  /// The tape this value is recorded on, and its place there.
  var tape: Tape?
  var slot = -1
  /// What it has to do with the batch of a step.
  var mark = BatchMark.none

  init(shape: [Int], storage: TensorStorage) {
    self.shape = shape
    self.storage = storage
  }

  /// A tensor whose numbers are not yet set; an operation fills it at once.
  init(uninitialized shape: [Int]) { self.init(shape: shape, storage: TensorStorage(shape.elementCount)) }

  /// - Precondition: as many values as the shape holds.
  public init(_ shape: [Int], _ values: [Float]) {
    require(values.count == shape.elementCount, "Tensor", "\(values.count) values", "shape \(shape)")
    self.init(uninitialized: shape)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  /// A tensor filled by `initialize`, which must set every number.
  public init(
    _ shape: [Int], initializingWith initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    self.init(uninitialized: shape)
    try initialize(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// All the same number.
  public static func full(_ shape: [Int], _ value: Float) -> Tensor {
    let result = Tensor(uninitialized: shape)
    arbex_fill(result.pointer, value, result.count)
    return result
  }

  /// All 0.
  public static func zeros(_ shape: [Int]) -> Tensor { full(shape, 0) }
  /// All 1.
  public static func ones(_ shape: [Int]) -> Tensor { full(shape, 1) }
  /// One number, shape `[1]`.
  public static func scalar(_ value: Float) -> Tensor { full([1], value) }

  /// The number of axes.
  public var rank: Int { shape.count }
  /// The number of elements.
  public var count: Int { storage.count }
  /// The numbers, copied.
  public var values: [Float] {
    noteRead()
    return Array(UnsafeBufferPointer(start: pointer, count: count))
  }
  /// The first number; meant for tensors of one.
  public var item: Float {
    noteRead()
    return pointer[0]
  }

  /// The numbers, in place.
  public func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    noteRead()
    return try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(start: pointer, count: count)) }
  }

  /// The same numbers without a history. A ``Trace`` still knows where they come from.
  public var detached: Tensor { isTraced ? self : withoutHistory }

  var withoutHistory: Tensor {
    var result = Tensor(shape: shape, storage: storage)
    result.mark = mark
    return result
  }

  /// Changes the numbers in place; they are copied first where another tensor shares them. For optimisers and
  /// weight loading; the history is dropped.
  public mutating func update(_ body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    if !isKnownUniquelyReferenced(&storage) {
      let copy = TensorStorage(count)
      copy.pointer.update(from: storage.pointer, count: count)
      storage = copy
    }
    tape = nil
    slot = -1
    try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// Whether no other tensor shares the numbers.
  var isUnshared: Bool { mutating get { isKnownUniquelyReferenced(&storage) } }

  /// A place for numbers made one by one from this tensor's, which nobody reads again: the same memory where no
  /// other tensor shares it.
  mutating func recycled() -> Tensor {
    isUnshared ? detached : Tensor(uninitialized: shape).ofSameBatch(as: self)
  }

  /// Whether a tape records what is made from this.
  public var isTracked: Bool { tape != nil }
  /// Whether every number is finite.
  public var isFinite: Bool {
    // A sum is not finite if any addend is not; an overflow of finite numbers is as bad a sign.
    arbex_sum(pointer, count).isFinite
  }

  var pointer: UnsafeMutablePointer<Float> { storage.pointer }

  /// The axis counted from the front, negative ones from the back.
  func axis(_ index: Int, _ operation: String) -> Int {
    let positive = index < 0 ? index + rank : index
    require(positive >= 0 && positive < rank, operation, "axis \(index)", "rank of \(shape)")
    return positive
  }
}

extension [Int] {
  /// The number of elements a shape holds. A shape that no memory could hold ends the process.
  package var elementCount: Int {
    guard let count = countedElements else { stop("a tensor cannot have the shape \(self)") }
    return count
  }

  /// The number of elements a shape holds; nil where an axis is below 0, or where there are more than can be counted.
  package var countedElements: Int? {
    var count = 1
    for length in self {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: length)
      if length < 0 || isTooLarge || product > 1 << 60 { return nil }
      count = product
    }
    return count
  }
}
