import Foundation

// Swift's Codable values as JSON and back, by Foundation.
extension JSONValue {
  /// What a value encodes to, as text with sorted keys, so that equal values give equal text.
  /// - Throws: `EncodingError`, for instance where a number is not finite.
  package static func text(encoding value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// What a value encodes to, with the members of option groups among those of their owner.
  /// - Throws: `EncodingError`, for instance where a number is not finite.
  package static func encoding(_ value: some Encodable) throws -> JSONValue {
    try JSON5Parser.parse(text(encoding: value)).value.flattened
  }

  /// The value that a text stands for; nil where it is no JSON, or that of something else.
  package static func decoded<Value: Decodable>(
    _ type: Value.Type = Value.self, from text: some StringProtocol
  ) -> Value? { try? JSONDecoder().decode(type, from: Data(text.utf8)) }
}

extension JSONValue: Encodable {
  /// Writes the value as it is.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let elements): try container.encode(elements)
    case .object(let members): try container.encode(members)
    }
  }
}
