/// A value that a pickle builds. Containers lie in a ``PickleHeap`` and are named by their number, so that cycles and
/// any depth of nesting do no harm.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case bytes([UInt8])
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  /// A class or function, by its name.
  case global(Int)
  /// What a class or function that is unknown here would have made.
  case object(Int)
  case storage(Int)
  case array(Int)
}

/// The containers of a pickle.
struct PickleHeap {
  /// What a class or function that is unknown here would have made: its name, and what it would have been given.
  struct Object {
    let name: String
    var state = PickleValue.none
  }

  /// A row of numbers that lies outside of the pickle.
  struct Storage {
    let key: String
    /// The class: "FloatStorage".
    let kind: String
    /// nil where numbers of that kind are not read.
    let type: NumberType?
    /// How many numbers it has.
    let count: Int
    /// The part of it that is meant, where it is a view of another one.
    var first = 0
  }

  /// A tensor: a view of a storage.
  struct Array {
    var storage: Storage?
    var offset = 0
    var shape: [Int] = []
    var strides: [Int] = []
    /// What it is, where it cannot be read: "quantised".
    var obstacle: String?
  }

  var tuples: [[PickleValue]] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var globals: [String] = []
  var objects: [Object] = []
  var storages: [Storage] = []
  var arrays: [Array] = []
  private var globalNumbers: [String: Int] = [:]
  private var work = 0
  private static let workLimit = 2_000_000

  /// Counts operations, and values that are copied, against a limit.
  mutating func spend(_ amount: Int) throws {
    work += amount
    guard work <= Self.workLimit else {
      throw PickleProblem("its pickle has more than \(Self.workLimit) operations, the limit")
    }
  }

  mutating func tuple(_ values: [PickleValue]) -> PickleValue {
    tuples.append(values)
    return .tuple(tuples.count - 1)
  }

  mutating func list(_ values: [PickleValue] = []) -> PickleValue {
    lists.append(values)
    return .list(lists.count - 1)
  }

  mutating func dictionary(_ pairs: [(key: PickleValue, value: PickleValue)] = []) -> PickleValue {
    dictionaries.append(pairs)
    return .dictionary(dictionaries.count - 1)
  }

  mutating func global(_ name: String) -> PickleValue {
    if let number = globalNumbers[name] { return .global(number) }
    globals.append(name)
    globalNumbers[name] = globals.count - 1
    return .global(globals.count - 1)
  }

  mutating func object(_ name: String) -> PickleValue {
    objects.append(Object(name: name))
    return .object(objects.count - 1)
  }

  mutating func array(_ array: Array) -> PickleValue {
    arrays.append(array)
    return .array(arrays.count - 1)
  }

  /// The elements of a tuple or list; nil for anything else.
  func elements(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let number): tuples[number]
    case .list(let number): lists[number]
    default: nil
    }
  }

  /// The name of a class or function; nil for anything else.
  func name(_ value: PickleValue) -> String? {
    if case .global(let number) = value { return globals[number] }
    return nil
  }

  /// The members of a dictionary whose keys are texts, in their order; of equal keys the last counts. nil for anything
  /// else.
  func members(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    guard case .dictionary(let number) = value else { return nil }
    var places: [String: Int] = [:]
    var result: [(name: String, value: PickleValue)] = []
    for pair in dictionaries[number] {
      guard case .text(let name) = pair.key else { continue }
      if let place = places[name] {
        result[place].value = pair.value
      } else {
        places[name] = result.count
        result.append((name, pair.value))
      }
    }
    return result
  }
}

extension PickleValue {
  /// The number, where it is a whole one; nil for anything else.
  var integer: Int? {
    if case .integer(let value) = self { return value }
    return nil
  }

  /// The text; nil for anything else.
  var text: String? {
    if case .text(let value) = self { return value }
    return nil
  }
}
