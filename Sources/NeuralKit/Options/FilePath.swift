/// An option that names a file or folder. In a recipe it is text; a relative path starts from the folder of the
/// file in which it stands, and arrives here already joined to that folder.
public struct FilePath: OptionValue, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The path as text; "" where none is given.
  public var text: String

  /// A path as text.
  public init(_ text: String) { self.text = text }
  /// A path written in source code.
  public init(stringLiteral text: String) { self.text = text }

  /// Reads bare text.
  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }

  /// Writes bare text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// As a recipe's author knows it.
  public static var kind: String { "path" }
  /// The path as text.
  public var description: String { text }
  /// Whether no path is given.
  public var isEmpty: Bool { text.isEmpty }

  /// This path seen from `folder`, where it is relative; itself where it is absolute or empty.
  package func from(folder: String) -> FilePath {
    text.isEmpty || text.utf8.first == UInt8(ascii: "/") || folder.isEmpty
      ? self : FilePath("\(folder)/\(text)")
  }
}
