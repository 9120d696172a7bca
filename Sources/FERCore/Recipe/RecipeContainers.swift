import NeuralKit
import Support

/// Gives a type that decodes itself what the recipe says at a place and, where that is nothing, the default.
struct RecipeValueDecoder: Decoder {
  let node: RecipeNode
  let given: JSONValue
  let standard: JSONValue?
  let expected: String

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard given == .null || given.members != nil else {
      throw RecipeIssue(node.path, "must be \(expected), is \(given.inWords)")
    }
    return KeyedDecodingContainer(
      Members<Key>(node: node, given: given.members ?? [:], standard: standard?.members ?? [:]))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = given.elements else {
      throw RecipeIssue(node.path, "must be \(expected), is \(given.inWords)")
    }
    return Elements(node: node, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    Single(node: node, given: given, standard: standard)
  }
}

private struct Single: SingleValueDecodingContainer {
  let node: RecipeNode
  let given: JSONValue
  let standard: JSONValue?
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { given == .null }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try node.read(type, given, standard: standard) }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let node: RecipeNode
  let given: [String: JSONValue]
  let standard: [String: JSONValue]
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    given.merging(standard) { mine, _ in mine }.keys.sorted().compactMap(Key.init(stringValue:))
  }

  func contains(_ key: Key) -> Bool { given[key.stringValue] != nil || standard[key.stringValue] != nil }
  func decodeNil(forKey key: Key) -> Bool { (given[key.stringValue] ?? standard[key.stringValue]) == .null }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    if type is any AnyOptionGroup.Type { return try T(from: superDecoder()) }
    let name = key.stringValue
    var below = node / name
    below.inherited = lent
    guard let standard = standard[name] else {
      return try below.read(type, given[name] ?? .null, standard: nil)
    }
    guard let value = given[name], value != .null else {
      return try below.read(type, standard, standard: standard)
    }
    do { return try below.read(type, value, standard: standard) } catch {
      node.log.add(error)
      return try below.read(type, standard, standard: standard)
    }
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<Nested>
  { try decoder(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    RecipeValueDecoder(node: node, given: .object(given), standard: .object(standard), expected: "an object")
  }
  func superDecoder(forKey key: Key) throws -> any Decoder { decoder(key) }

  private var lent: [String: InheritedValue] {
    node.lent.reduce(into: [:]) { result, pair in
      let mine = given[pair.key, default: .null]
      guard let value = mine == .null ? standard[pair.key] : mine else { return }
      for key in pair.value { result[key] = InheritedValue(value: value, path: node.path / pair.key) }
    }
  }

  private func decoder(_ key: Key) -> RecipeValueDecoder {
    let name = key.stringValue
    return RecipeValueDecoder(
      node: node / name, given: given[name] ?? standard[name] ?? .null, standard: standard[name],
      expected: "an object")
  }
}

private struct Elements: UnkeyedDecodingContainer {
  let node: RecipeNode
  let elements: [JSONValue]
  var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  init(node: RecipeNode, elements: [JSONValue]) {
    self.node = node
    self.elements = elements
  }

  mutating func decodeNil() -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let decoder = try next()
    return try decoder.node.read(type, decoder.given, standard: nil)
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
    -> KeyedDecodingContainer<Nested>
  { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try next() }

  private mutating func next() throws -> RecipeValueDecoder {
    guard !isAtEnd else { throw RecipeIssue(node.path, "must have more than \(elements.count) elements") }
    defer { currentIndex += 1 }
    return RecipeValueDecoder(
      node: node / currentIndex, given: elements[currentIndex], standard: nil, expected: "an object")
  }
}
