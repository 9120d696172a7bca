/// Finds the name that a person most likely meant.
package enum NearestName {
  /// The known name with the fewest edits from `name` (a letter dropped, added, changed, or two neighbours
  /// swapped), where that is at most a third of its length, and one edit in any case. Of several the first in
  /// alphabetical order.
  package static func of(_ name: String, among known: [String]) -> String? {
    let limit = max(1, name.count / 3)
    let ranked = known.map { (name: $0, edits: edits(from: name.lowercased(), to: $0.lowercased())) }
      .filter { $0.edits <= limit }
    return ranked.min { ($0.edits, $0.name) < ($1.edits, $1.name) }?.name
  }

  /// `; did you mean "anchor"?`, or nothing.
  package static func suggestion(for name: String, among known: [String]) -> String {
    of(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// The distance of Damerau and Levenshtein, without edits inside a swapped pair.
  static func edits(from first: String, to second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    guard abs(a.count - b.count) <= 64, a.count <= 256 else { return Int.max }
    var before: [Int] = []
    var above = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      (before, above) = (above, row)
    }
    return above[b.count]
  }
}
