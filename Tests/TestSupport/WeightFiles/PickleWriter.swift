/// Writes pickles, protocol 2 and more, operation by operation: sound ones and others.
public struct PickleWriter: Sendable {
  /// What was written so far.
  public var bytes: [UInt8]

  /// Begins with a protocol number.
  public init(protocol version: UInt8 = 2) { bytes = [0x80, version] }

  /// Bytes as they are.
  public mutating func raw(_ values: UInt8...) { bytes += values }
  /// A byte by its character.
  public mutating func operation(_ character: Character) { bytes.append(character.asciiValue ?? 0) }
  /// A text.
  public mutating func text(_ text: String) {
    operation("X")
    number(text.utf8.count, size: 4)
    bytes += Array(text.utf8)
  }
  /// A whole number.
  public mutating func integer(_ value: Int) {
    raw(0x8A, 8)
    number(value, size: 8)
  }
  /// A class or function by its name, the short way of protocol 0.
  public mutating func global(_ module: String, _ name: String) {
    bytes += Array("c\(module)\n\(name)\n".utf8)
  }
  /// A tuple of whole numbers.
  public mutating func tuple(_ values: [Int]) {
    operation("(")
    values.forEach { integer($0) }
    operation("t")
  }
  /// A row of numbers that lies outside.
  public mutating func storage(
    _ key: String, _ kind: String = "FloatStorage", count: Int, isOld: Bool = false
  ) {
    operation("(")
    text("storage")
    global("torch", kind)
    text(key)
    text("cpu")
    integer(count)
    if isOld { operation("N") }
    operation("t")
    operation("Q")
  }
  /// A tensor.
  public mutating func tensor(
    _ key: String, _ kind: String = "FloatStorage", count: Int, offset: Int = 0, shape: [Int],
    strides: [Int]? = nil,
    isOld: Bool = false
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    operation("(")
    storage(key, kind, count: count, isOld: isOld)
    integer(offset)
    tuple(shape)
    tuple(strides ?? Self.strides(shape))
    raw(0x89)
    global("collections", "OrderedDict")
    bytes += Array(")RtR".utf8)
  }
  /// The last operation.
  public mutating func stop() { operation(".") }

  /// A state dictionary of one tensor, "w".
  static func state(_ tensor: (inout PickleWriter) -> Void) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.bytes += Array("}(".utf8)
    pickle.text("w")
    tensor(&pickle)
    pickle.bytes += Array("u.".utf8)
    return pickle.bytes
  }

  /// Little-endian.
  public mutating func number(_ value: Int, size: Int) {
    for place in 0..<size { raw(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }

  /// Those of an array whose numbers follow one another.
  public static func strides(_ shape: [Int]) -> [Int] {
    var (result, step) = ([Int](), 1)
    for size in shape.reversed() {
      result.insert(step, at: 0)
      step = step &* max(1, size)
    }
    return result
  }
}
