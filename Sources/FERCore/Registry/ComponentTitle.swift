import Support
import Synchronization

extension Running {
  /// The component as people know it, `sampler "refinement"`, by the name under which its type is registered; by its type
  /// where it is not.
  package static func of(_ component: Any) -> Running {
    let type = type(of: component)
    return known.withLock { $0[ObjectIdentifier(type)] } ?? Running("\(type)")
  }

  /// What sentences call the component: as it is known.
  package static func title(of component: Any) -> String { of(component).text ?? "" }

  /// Names what `body` does with the component.
  package static func of<Result>(_ component: Any, _ body: () throws -> Result) rethrows -> Result {
    try of(component)(body)
  }

  /// From now on, components of that type are known so.
  static func know(_ type: Any.Type, as title: String) {
    let running = Running(title)
    known.withLock { $0[ObjectIdentifier(type)] = running }
  }
}

private let known = Mutex<[ObjectIdentifier: Running]>([:])
