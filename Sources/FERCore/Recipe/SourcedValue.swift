import Support

/// A value of a recipe that remembers where each of its parts comes from.
struct SourcedValue: Sendable {
  enum Content: Sendable {
    case scalar(JSONValue)
    case array([SourcedValue])
    case object([String: SourcedValue])
  }

  var origin: RecipeOrigin
  var content: Content

  static func empty(_ origin: RecipeOrigin) -> SourcedValue {
    SourcedValue(origin: origin, content: .object([:]))
  }

  init(origin: RecipeOrigin, content: Content) {
    self.origin = origin
    self.content = content
  }

  /// A value of which all parts share an origin, or have one by their path.
  init(_ value: JSONValue, at path: JSONPath = JSONPath(), origin: (JSONPath) -> RecipeOrigin) {
    self.origin = origin(path)
    switch value {
    case .array(let elements):
      content = .array(elements.indices.map { SourcedValue(elements[$0], at: path / $0, origin: origin) })
    case .object(let members):
      var sourced: [String: SourcedValue] = [:]
      for (key, member) in members { sourced[key] = SourcedValue(member, at: path / key, origin: origin) }
      content = .object(sourced)
    default: content = .scalar(value)
    }
  }

  var value: JSONValue {
    switch content {
    case .scalar(let value): value
    case .array(let elements): .array(elements.map(\.value))
    case .object(let members): .object(members.mapValues(\.value))
    }
  }

  var isNull: Bool {
    if case .scalar(.null) = content { return true }
    return false
  }

  /// The part at `path`; nil where there is none.
  func part(at path: JSONPath) -> SourcedValue? {
    var here = self
    for step in path.steps {
      switch (step, here.content) {
      case (.key(let key), .object(let members)):
        guard let member = members[key] else { return nil }
        here = member
      case (.index(let index), .array(let elements)):
        guard elements.indices.contains(index) else { return nil }
        here = elements[index]
      default: return nil
      }
    }
    return here
  }

  /// The origin of the part at `path`, or of the nearest part around it; nil where that is the whole.
  func origin(at path: JSONPath) -> RecipeOrigin? {
    var path = path
    while !path.steps.isEmpty {
      if let part = part(at: path) { return part.origin }
      path.steps.removeLast()
    }
    return nil
  }

  /// This value changed by `patch`: objects merge, null removes, all else replaces.
  ///
  /// A null that removes nothing stays, so that the check can tell a misspelt name from a name that is not in
  /// use. Where `patch` names another component, that component's options replace the old one's: they mean
  /// nothing to it. A command line's `list.0.key` reaches into a list.
  func merged(with patch: SourcedValue) -> SourcedValue {
    var swaps: [SwappedComponent] = []
    return merged(with: patch, at: JSONPath(), swaps: &swaps)
  }

  /// The same, and which components the patch put in others' places.
  func merged(
    with patch: SourcedValue, at path: JSONPath = JSONPath(), swaps: inout [SwappedComponent]
  ) -> SourcedValue {
    switch (content, patch.content) {
    case (.object(let mine), .object(let theirs)):
      if let (before, after) = patch.names(otherThan: self, at: path) {
        swaps.append(SwappedComponent(at: path, before, after, from: self, with: patch))
        return patch
      }
      var members = mine
      for (key, change) in theirs {
        if change.isNull {
          members[key] = mine[key] == nil ? change : nil
        } else {
          members[key] = mine[key]?.merged(with: change, at: path / key, swaps: &swaps) ?? change
        }
      }
      return SourcedValue(origin: origin, content: .object(members))
    case (.array(var elements), .object(let theirs)) where patch.origin == .commandLine:
      for (key, change) in theirs {
        guard let index = Int(key), elements.indices.contains(index) else { return patch }
        elements[index] = elements[index].merged(with: change, at: path / index, swaps: &swaps)
      }
      return SourcedValue(origin: origin, content: .array(elements))
    default: return patch
    }
  }

  /// The names of the component before and of this one, where they differ.
  private func names(otherThan base: SourcedValue, at path: JSONPath) -> (before: String, after: String)? {
    guard let new = part(at: JSONPath("use"))?.value.text else { return nil }
    let parent = path.parent
    let isKeyed = parent == JSONPath("losses") || parent == JSONPath("model", "corrections")
    var old = base.part(at: JSONPath("use"))?.value.text
    if old == nil, isKeyed, case .key(let key)? = path.steps.last { old = key }
    return old.flatMap { $0 == new ? nil : ($0, new) }
  }
}
