import Support

/// Where the time of a computation goes: by component, operation and direction.
///
/// A network runs one operation after another on one thread, which others help; so the time since the last mark
/// belongs to the operation that ends now. Every operation ends in `recorded(from:)`, which makes the mark, and
/// remembers on the tape what the backward pass is to be booked under.
///
/// A profile is switched on for a stretch of code by ``measure(_:)``, and for the thread that runs it: other
/// threads, and code outside, find nothing to do after one look. It is not to be shared between threads.
package final class Profile: @unchecked Sendable {
  /// Which part of a training step.
  package enum Direction: String, Sendable { case forward, backward, update }

  /// What belongs together.
  package struct Key: Hashable, Sendable {
    /// "backbone", "corrections.anchor"; "between" where no component was named.
    package let component: String
    /// "linear", "convolution 1x1"; "rest" for time outside operations.
    package let operation: String
    /// Which part of a training step.
    package let direction: Direction
  }

  /// What was gathered under a key.
  package struct Row: Sendable {
    /// What it belongs to.
    package let key: Key
    /// How often the operation ran.
    package var calls = 0
    /// The time it took.
    package var seconds = 0.0
    /// Multiply-adds, where the operation is made of them; those of the direct algorithm where a faster one ran.
    package var work = 0
  }

  /// What an operation on a tape remembers for its backward pass.
  struct Label {
    let component: String
    let operation: StaticString
    let work: Int
  }

  private struct Place {
    let component: String
    let direction: Direction
    /// What time between operations is called.
    let remainder: StaticString
  }

  @TaskLocal private static var current: Profile?

  private var gathered: [Key: Row] = [:]
  private var place = Place(component: "between", direction: .forward, remainder: "rest")
  private var last = 0.0
  /// Above 0 while operations are parts of a larger one.
  private var depth = 0

  /// A profile that has seen nothing yet.
  package init() {}

  /// Everything gathered, what took longest first.
  package var rows: [Row] { gathered.values.sorted { $0.seconds > $1.seconds } }
  /// The time of all rows: that of the measured code.
  package var seconds: Double { gathered.values.reduce(0) { $0 + $1.seconds } }

  /// Runs `body` and gathers where its time goes; adds to what was gathered before.
  package func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.$current.withValue(self) {
      last = Clock.seconds
      defer { markRemainder() }
      return try body()
    }
  }

  /// Books what `body` does under a component's name. Does nothing else where no profile is switched on.
  /// - Parameter remainder: what time outside operations is called.
  package static func component<Result>(
    _ name: @autoclosure () -> String, _ direction: Direction = .forward, remainder: StaticString = "rest",
    _ body: () throws -> Result
  ) rethrows -> Result {
    guard let profile = current else { return try body() }
    return try profile.enter(Place(component: name(), direction: direction, remainder: remainder), body)
  }

  /// Runs operations that are parts of a larger one: their time waits for its mark.
  static func asOne<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let profile = current else { return try body() }
    profile.depth += 1
    defer { profile.depth -= 1 }
    return try body()
  }

  /// The end of an operation.
  /// - Parameter factors: how many of its inputs want gradients; each costs as much work again.
  /// - Returns: what a tape keeps for the backward pass; nil where no profile is switched on.
  static func mark(_ operation: StaticString, work: Int, factors: @autoclosure () -> Int) -> Label? {
    guard let profile = current, profile.depth == 0 else { return nil }
    profile.book(profile.place.component, operation, profile.place.direction, work: work)
    return Label(component: profile.place.component, operation: operation, work: work * factors())
  }

  /// Runs the backward pass of one operation.
  static func backward<Result>(of label: Label?, _ body: () throws -> Result) rethrows -> Result {
    guard let profile = current, let label else { return try body() }
    profile.markRemainder()
    profile.place = Place(component: label.component, direction: .backward, remainder: "gradient sums")
    profile.depth += 1
    defer {
      profile.depth -= 1
      profile.book(label.component, label.operation, .backward, work: label.work)
    }
    return try body()
  }

  /// Within the backward pass of an operation that is made of several: the end of one of them.
  static func markPart(_ operation: StaticString) {
    guard let profile = current, profile.depth == 1 else { return }
    profile.book(profile.place.component, operation, profile.place.direction, work: 0)
  }

  private func enter<Result>(_ new: Place, _ body: () throws -> Result) rethrows -> Result {
    markRemainder()
    let old = place
    place = new
    defer {
      markRemainder()
      place = old
    }
    return try body()
  }

  private func markRemainder() {
    guard depth == 0 else { return }
    book(place.component, place.remainder, place.direction, work: 0)
  }

  private func book(_ component: String, _ operation: StaticString, _ direction: Direction, work: Int) {
    let key = Key(component: component, operation: Self.name(of: operation), direction: direction)
    let now = Clock.seconds
    var row = gathered[key] ?? Row(key: key)
    row.calls += 1
    row.seconds += now - last
    row.work += work
    gathered[key] = row
    last = Clock.seconds  // the bookkeeping belongs to nobody
  }

  /// "linear" of "linear(weight:bias:)".
  static func name(of operation: StaticString) -> String {
    let name = operation.description.prefix { $0 != "(" }
    return name.isEmpty ? operation.description : String(name)
  }
}
