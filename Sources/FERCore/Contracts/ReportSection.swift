/// A part of a run's report. Registered; it is left out where it has nothing to show.
public struct ReportSection: Sendable {
  /// Something to look at.
  public enum Item: Sendable {
    /// Rows under named columns.
    case table(Table)
    /// A picture as an SVG element without scripts and links, what it shows, and the numbers that are drawn. The title of
    /// the numbers is also the name of the picture's file.
    case figure(svg: String, caption: String, numbers: Table)
    /// Small pictures beside each other, each with what is to be said of it.
    case pictures([(image: Image, caption: String)])
  }

  /// The heading.
  public let title: String
  /// What it shows of an evaluation.
  public let items: @Sendable (EvaluatedSet) -> [Item]

  /// What to show under a heading.
  public init(_ title: String, items: @escaping @Sendable (EvaluatedSet) -> [Item]) {
    (self.title, self.items) = (title, items)
  }
}
