/// The order in which numbers of several ranks are added: pairwise as a tree, (0 + 1) + (2 + 3), whatever arrives first.
package enum RankTree {
  /// Adds `parts` rows of `count` numbers that lie one behind the other; the sum is then in the first.
  package static func sum(_ rows: UnsafeMutablePointer<Float>, parts: Int, count: Int) {
    var step = 1
    while step < parts {
      for part in stride(from: 0, to: parts - step, by: 2 * step) {
        let (target, source) = (rows + part * count, rows + (part + step) * count)
        for place in 0..<count { target[place] += source[place] }
      }
      step *= 2
    }
  }
}
