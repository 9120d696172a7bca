import Support

/// Runs the stack machine of a pickle, as far as it builds data.
///
/// A pickle can ask Python to call anything. Here nothing is called: a name is only a name, and what a call would have
/// made is an array or a container where the name is one of the few in ``PickleCalls``, otherwise a value that does
/// nothing and of which only the name is kept. Work and memory are bounded by the limits below.
struct PickleMachine {
  /// The values that may lie on the stack or in the memo at once.
  static let depthLimit = 500_000

  var input: PickleInput
  var heap = PickleHeap()
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  init(_ input: PickleInput) { self.input = input }

  /// Runs one pickle from the input's present place to its end.
  /// - Throws: ``PickleProblem``, ``FileProblem``.
  mutating func run() throws -> PickleValue {
    (stack, marks, memo) = ([], [], [:])
    while true {
      let place = input.place
      let byte = try input.byte()
      guard let operation = PickleOpcode(rawValue: byte) else {
        throw PickleProblem(
          "its byte \(place), 0x\(String(byte, radix: 16)), is no operation of pickle that is known")
      }
      try heap.spend(1)
      guard operation != .stop else {
        guard stack.count == 1, marks.isEmpty else {
          throw PickleProblem("its pickle leaves \(stack.count) values where there should be one")
        }
        return stack[0]
      }
      try perform(operation)
      guard stack.count + marks.count <= Self.depthLimit, memo.count <= Self.depthLimit else {
        throw PickleProblem("its pickle keeps more than \(Self.depthLimit) values at once, the limit")
      }
    }
  }

  private mutating func perform(_ operation: PickleOpcode) throws {
    switch operation {
    case .protocolNumber:
      let version = try input.byte()
      guard version <= 5 else { throw PickleProblem("it has pickle protocol \(version); 0 to 5 are known") }
    case .frame: _ = try input.number(8)
    case .stop: break

    case .mark: marks.append(stack.count)
    case .pop: if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())
    case .put: memo[try lineNumber()] = try top()
    case .binaryPut: memo[Int(try input.byte())] = try top()
    case .longPut: memo[Int(try input.number(4))] = try top()
    case .memoize: memo[memo.count] = try top()
    case .get: try recall(try lineNumber())
    case .binaryGet: try recall(Int(try input.byte()))
    case .longGet: try recall(Int(try input.number(4)))

    case .none, .newTrue, .newFalse, .integer, .long, .integer4, .integer1, .integer2, .long1, .long4,
      .number, .binaryNumber, .string, .binaryString, .shortString, .unicode, .binaryUnicode, .shortUnicode,
      .longUnicode, .binaryBytes, .shortBytes, .longBytes, .byteArray:
      stack.append(try plainValue(operation))

    case .emptyTuple: stack.append(heap.tuple([]))
    case .tuple: stack.append(heap.tuple(try popToMark()))
    case .tuple1, .tuple2, .tuple3:
      let count = Int(operation.rawValue - PickleOpcode.tuple1.rawValue) + 1
      guard stack.count - (marks.last ?? 0) >= count else { throw underflow }
      let values = Array(stack.suffix(count))
      stack.removeLast(count)
      stack.append(heap.tuple(values))
    case .emptyList, .emptySet: stack.append(heap.list())
    case .list, .frozenSet: stack.append(heap.list(try popToMark()))
    case .append: try extend(with: [try pop()])
    case .appends, .addItems: try extend(with: try popToMark())
    case .emptyDictionary: stack.append(heap.dictionary())
    case .dictionary: stack.append(heap.dictionary(try pairs(try popToMark())))
    case .setItem:
      let value = try pop()
      try extend(withPairs: [try pop(), value])
    case .setItems: try extend(withPairs: try popToMark())

    default: try performNamed(operation)
    }
  }

  // MARK: names

  private mutating func performNamed(_ operation: PickleOpcode) throws {
    switch operation {
    case .global: stack.append(try global(try lineText(), try lineText()))
    case .stackGlobal:
      let name = try pop()
      let module = try pop()
      stack.append(try global(module.text ?? "?", name.text ?? "?"))
    case .extension1: stack.append(heap.global("copyreg extension \(try input.number(1))"))
    case .extension2: stack.append(heap.global("copyreg extension \(try input.number(2))"))
    case .extension4: stack.append(heap.global("copyreg extension \(try input.number(4))"))
    case .reduce, .newObject:
      let arguments = try pop()
      let function = try pop()
      stack.append(try PickleCalls.result(of: function, heap.elements(arguments) ?? [], &heap))
    case .newObjectWithNames:
      _ = try pop()
      let arguments = try pop()
      let function = try pop()
      stack.append(try PickleCalls.result(of: function, heap.elements(arguments) ?? [], &heap))
    case .instance:
      let function = try global(try lineText(), try lineText())
      stack.append(try PickleCalls.result(of: function, try popToMark(), &heap))
    case .object:
      let values = try popToMark()
      guard let function = values.first else { throw underflow }
      stack.append(try PickleCalls.result(of: function, Array(values.dropFirst()), &heap))
    case .build:
      let state = try pop()
      // What a container or an array would remember beside its content is of no use here.
      if case .object(let number) = try top() { heap.objects[number].state = state }
    case .persistent:
      let name = try lineText()
      stack.append(heap.object("persistent object \(name)"))
    case .binaryPersistent: stack.append(try PickleCalls.persistent(try pop(), &heap))
    default: stop("PickleMachine: \(operation) has no meaning")
    }
  }

  private mutating func global(_ module: String, _ name: String) throws -> PickleValue {
    let module = ["__builtin__": "builtins", "copy_reg": "copyreg"][module] ?? module
    guard module.utf8.count + name.utf8.count <= 1000 else {
      throw PickleProblem("a name in its pickle is longer than 1000 bytes, the limit")
    }
    return heap.global("\(module).\(name)")
  }

  // MARK: stack

  private var underflow: PickleProblem {
    PickleProblem("its pickle takes a value that is not there, before byte \(input.place)")
  }

  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw underflow }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw PickleProblem("its pickle misses a mark before byte \(input.place)")
    }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func recall(_ number: Int) throws {
    guard let value = memo[number] else {
      throw PickleProblem("its pickle recalls value \(number), which it never kept")
    }
    stack.append(value)
  }

  private mutating func extend(with values: [PickleValue]) throws {
    if case .list(let number) = try top() { heap.lists[number] += values }
  }

  private mutating func extend(withPairs values: [PickleValue]) throws {
    let pairs = try pairs(values)
    if case .dictionary(let number) = try top() { heap.dictionaries[number] += pairs }
  }

  private func pairs(_ values: [PickleValue]) throws -> [(key: PickleValue, value: PickleValue)] {
    guard values.count % 2 == 0 else { throw PickleProblem("its pickle has a key without a value") }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
  }

  // MARK: plain values

  private mutating func plainValue(_ operation: PickleOpcode) throws -> PickleValue {
    switch operation {
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .integer:
      let text = try lineText()
      return try text == "00" || text == "01" ? .bool(text == "01") : whole(text)
    case .long:
      let text = try lineText()
      return try whole(text.hasSuffix("L") ? String(text.dropLast()) : text)
    case .integer4: return .integer(Int(Int32(truncatingIfNeeded: try input.number(4))))
    case .integer1: return .integer(Int(try input.byte()))
    case .integer2: return .integer(Int(try input.number(2)))
    case .long1: return Self.whole(try input.bytes(Int(try input.byte())) ?? [])
    case .long4:
      let count = Int(Int32(truncatingIfNeeded: try input.number(4)))
      return Self.whole(try input.bytes(count) ?? [])
    case .number:
      guard let number = Double(try lineText()) else {
        throw PickleProblem("a number in its pickle is damaged")
      }
      return .number(number)
    case .binaryNumber: return .number(Double(bitPattern: try input.number(8).byteSwapped))
    case .string: return .text(String(unquoting: try input.line()))
    case .binaryString: return try text(try input.length(4))
    case .shortString: return try text(try input.length(1))
    case .unicode: return .text(try lineText())
    case .binaryUnicode: return try text(try input.length(4))
    case .shortUnicode: return try text(try input.length(1))
    case .longUnicode: return try text(try input.length(8))
    case .binaryBytes: return .bytes(try input.bytes(try input.length(4)) ?? [])
    case .shortBytes: return .bytes(try input.bytes(try input.length(1)) ?? [])
    case .longBytes, .byteArray: return .bytes(try input.bytes(try input.length(8)) ?? [])
    default: return .none
    }
  }

  /// A text; what is too long for a name is kept as bytes without content.
  private mutating func text(_ count: Int) throws -> PickleValue {
    try input.bytes(count).map { .text(String(lenient: $0)) } ?? .bytes([])
  }

  private mutating func lineText() throws -> String { String(lenient: try input.line()) }

  private mutating func lineNumber() throws -> Int {
    let text = try lineText()
    guard let number = Int(text), number >= 0 else {
      throw PickleProblem("its pickle names a value \"\(text.printable)\" where a number must stand")
    }
    return number
  }

  private func whole(_ text: String) throws -> PickleValue {
    guard let number = Int(text) else {
      throw PickleProblem("a whole number in its pickle is damaged or too large")
    }
    return .integer(number)
  }

  /// Little-endian in two's complement; what is wider than 64 bits stays as its bytes.
  private static func whole(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .bytes(bytes) }
    let isNegative = (bytes.last ?? 0) >= 0x80
    let start: UInt64 = isNegative ? ~0 : 0
    let bits = bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) }
    return .integer(Int(Int64(bitPattern: bits)))
  }
}

extension String {
  /// UTF-8, or where it is not, one character for each byte: texts of Python 2.
  fileprivate init(lenient bytes: [UInt8]) {
    self =
      String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// A text between quotation marks.
  fileprivate init(unquoting bytes: [UInt8]) { self.init(lenient: Array(bytes.dropFirst().dropLast())) }
}
