import NeuralKit
import Support

/// Turns what a recipe says into an options struct, over the defaults of that struct.
///
/// Foundation's decoder ignores the defaults of properties, lets unknown keys pass and stops at the first
/// problem. This one takes the default where a value is absent or wrong and records every problem with its path.
public struct RecipeDecoder {
  /// Keys beside the options themselves, read by somebody else: `use`, `weights` ...
  public var reserved: [String] = []
  /// Whose options they are, for sentences: `"attentive"`.
  public var owner: String
  /// What the owner calls them: an option, a key.
  public var noun = "option"
  /// The folder from which a relative path at that place starts.
  public var folder: @Sendable (RecipePath) -> String = { _ in "" }

  /// Made from its parts.
  public init(
    owner: String, noun: String = "option", reserved: [String] = [],
    folder: @escaping @Sendable (RecipePath) -> String = { _ in "" }
  ) {
    self.owner = owner
    self.noun = noun
    self.reserved = reserved
    self.folder = folder
  }

  /// The options, and everything that is wrong with what was given.
  /// - Parameter given: what the recipe says; nil where it says nothing.
  public func decode<Options: ComponentOptions>(
    _ type: Options.Type, from given: JSONValue?, at path: RecipePath
  ) -> (options: Options, issues: [RecipeIssue]) {
    let log = IssueLog()
    guard let standard = try? JSONValue.encoding(Options()) else {
      return (
        Options(), [RecipeIssue(path, "the defaults of \(owner) are not finite numbers; it cannot be used")]
      )
    }
    findUnknown(in: given ?? .null, standard: standard, at: path, isTop: true, log: log)
    let node = Node(path: path, log: log, folder: folder)
    let options: Options
    do {
      options = try node.read(Options.self, given ?? .null, standard: standard)
    } catch {
      log.issues.append(error)
      options = Options()
    }
    // A value that could not be read was replaced by its default; only what was read can be out of range.
    let ranges = options.allIssues().map { RecipeIssue(path / $0.key, $0.message) }
    let isTold = { (path: RecipePath) in log.issues.contains { $0.path.steps.starts(with: path.steps) } }
    return (options, log.issues + ranges.filter { !isTold($0.path) })
  }

  private func findUnknown(
    in given: JSONValue, standard: JSONValue, at path: RecipePath, isTop: Bool, log: IssueLog
  ) {
    guard let members = given.members, let known = standard.members else { return }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      if let standard = known[key] {
        findUnknown(in: value, standard: standard, at: path / key, isTop: false, log: log)
      } else if !isTop || !reserved.contains(key) {
        log.issues.append(
          unknown(key, options: known.keys.sorted(), besides: isTop ? reserved.sorted() : [], at: path))
      }
    }
  }

  private func unknown(
    _ key: String, options: [String], besides: [String], at path: RecipePath
  ) -> RecipeIssue {
    let own = noun == "key" ? (options + besides).sorted() : options
    let also = noun == "key" || besides.isEmpty ? "" : "; also " + besides.joined(separator: ", ")
    return RecipeIssue(
      path / key, "\(owner) has no such \(noun)" + NearestName.suggestion(for: key, among: options + besides),
      note: "\(noun)s: " + (own.isEmpty ? "none" : own.joined(separator: ", ")) + also)
  }
}

final class IssueLog {
  var issues: [RecipeIssue] = []
}

/// A place in the tree, without its value.
private struct Node {
  var path: RecipePath
  let log: IssueLog
  let folder: @Sendable (RecipePath) -> String

  /// - Throws: where neither `given` nor a part of it could be read; the caller then takes its own default.
  func read<T: Decodable>(_ type: T.Type, _ given: JSONValue, standard: JSONValue?) throws(RecipeIssue) -> T {
    let result: Any
    do {
      if let scalar = type as? any Scalar.Type {
        result = try scalar.read(given, path)
      } else {
        let value = try T(
          from: ValueDecoder(node: self, given: given, standard: standard, expected: kind(of: type)))
        result = (value as? FilePath)?.from(folder: folder(path)) ?? value
      }
    } catch let issue as RecipeIssue {
      throw issue
    } catch {
      throw RecipeIssue(path, "\(sentence(for: type)), is \(given.inWords)")
    }
    guard let typed = result as? T else { throw RecipeIssue(path, "cannot be read as \(type)") }
    return typed
  }

  private func kind(of type: Any.Type) -> String {
    (type as? any OptionValue.Type).map { withArticle($0.kind) } ?? "an object"
  }

  /// For types of their own, such as enums of texts.
  private func sentence(for type: Any.Type) -> String {
    let choices = (type as? any CaseIterable.Type).map { texts(of: $0) } ?? []
    return "must be " + (choices.isEmpty ? kind(of: type) : "one of " + choices.joined(separator: ", "))
  }

  private func texts<T: CaseIterable>(of type: T.Type) -> [String] {
    type.allCases.map { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\($0)" }
  }
}

/// "whole number" -> "a whole number"; "text" stays.
private func withArticle(_ kind: String) -> String {
  if kind.hasPrefix("list of") || kind.hasSuffix("number") || kind == "path" {
    let plural = kind.hasPrefix("list of") && kind.hasSuffix("number") ? "s" : ""
    return "a " + kind + plural
  }
  return kind
}

private protocol Scalar {
  static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Self
}
extension Bool: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Bool {
    if case .bool(let bool) = value { return bool }
    throw RecipeIssue(path, "must be true or false, is \(value.inWords)")
  }
}
extension String: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> String {
    if case .string(let text) = value { return text }
    throw RecipeIssue(path, "must be text, is \(value.inWords)")
  }
}
extension FixedWidthInteger {
  fileprivate static func whole(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Self {
    guard case .int(let number) = value else {
      throw RecipeIssue(path, "must be a whole number, is \(value.inWords)")
    }
    if let exact = Self(exactly: number) { return exact }
    throw RecipeIssue(
      path, "must be a whole number of at least \(Self.min) and at most \(Self.max), is \(number)")
  }
}
extension Int: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Int {
    try whole(value, path)
  }
}
extension UInt64: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> UInt64 {
    try whole(value, path)
  }
}
extension Double: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Double {
    switch value {
    case .int(let number): return Double(number)
    case .double(let number) where number.isFinite: return number
    case .double: throw RecipeIssue(path, "must be a finite number, is \(value.inWords)")
    default: throw RecipeIssue(path, "must be a number, is \(value.inWords)")
    }
  }
}
extension Float: Scalar {
  fileprivate static func read(_ value: JSONValue, _ path: RecipePath) throws(RecipeIssue) -> Float {
    let number = Float(try Double.read(value, path))
    guard number.isFinite else {
      throw RecipeIssue(path, "must be a number below 3.4e38, is \(value.inWords)")
    }
    return number
  }
}

private struct ValueDecoder: Decoder {
  let node: Node
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
  let node: Node
  let given: JSONValue
  let standard: JSONValue?
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { given == .null }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try node.read(type, given, standard: standard) }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let node: Node
  let given: [String: JSONValue]
  let standard: [String: JSONValue]
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    given.merging(standard) { mine, _ in mine }.keys.sorted().compactMap(Key.init(stringValue:))
  }

  func contains(_ key: Key) -> Bool { given[key.stringValue] != nil || standard[key.stringValue] != nil }
  func decodeNil(forKey key: Key) -> Bool { (given[key.stringValue] ?? standard[key.stringValue]) == .null }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let name = key.stringValue
    let below = Node(path: node.path / name, log: node.log, folder: node.folder)
    guard let standard = standard[name] else {
      return try below.read(type, given[name] ?? .null, standard: nil)
    }
    guard let value = given[name], value != .null else {
      return try below.read(type, standard, standard: standard)
    }
    do {
      return try below.read(type, value, standard: standard)
    } catch {
      node.log.issues.append(error)
      return try below.read(type, standard, standard: standard)
    }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    ValueDecoder(node: node, given: .object(given), standard: .object(standard), expected: "an object")
  }
  func superDecoder(forKey key: Key) throws -> any Decoder { decoder(key) }

  private func decoder(_ key: Key) -> ValueDecoder {
    let name = key.stringValue
    return ValueDecoder(
      node: Node(path: node.path / name, log: node.log, folder: node.folder),
      given: given[name] ?? standard[name] ?? .null, standard: standard[name], expected: "an object")
  }
}

private struct Elements: UnkeyedDecodingContainer {
  let node: Node
  let elements: [JSONValue]
  var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  init(node: Node, elements: [JSONValue]) {
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

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try next() }

  private mutating func next() throws -> ValueDecoder {
    guard !isAtEnd else { throw RecipeIssue(node.path, "must have more than \(elements.count) elements") }
    defer { currentIndex += 1 }
    return ValueDecoder(
      node: Node(path: node.path / currentIndex, log: node.log, folder: node.folder),
      given: elements[currentIndex], standard: nil, expected: "an object")
  }
}
