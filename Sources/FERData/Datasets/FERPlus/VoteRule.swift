/// What FER+'s authors make of the votes for eight classes, unknown and not-a-face.
enum VoteRule {
  /// The class with more than half of the votes; nil where there is none, or it is no class.
  static func majority(_ votes: [Int]) -> Int? {
    let votes = withoutSingles(votes)
    guard let most = votes.max(), 2 * most > votes.reduce(0, +), let winner = votes.firstIndex(of: most)
    else { return nil }
    return winner < classCount ? winner : nil
  }

  /// The shares of the eight classes; nil where the votes are too scattered, or the winner is no class.
  static func distribution(_ votes: [Int]) -> [Float]? {
    var rest = withoutSingles(votes)
    let total = rest.reduce(0, +)
    var taken = [Int](repeating: 0, count: votes.count)
    var (sum, count, isClass) = (0, 0, true)
    while 4 * sum < 3 * total, count < 3, isClass, let most = rest.max() {
      // All classes of as many votes come together; the first that is no class ends it.
      for index in rest.indices where rest[index] == most {
        (taken[index], rest[index]) = (most, 0)
        sum += most
        count += 1
        if index >= classCount {
          isClass = false
          // After a class it only ends the row; before any, the face is no face.
          if taken.reduce(0, +) > most {
            taken[index] = 0
            count -= 1
          }
          break
        }
      }
    }
    let kept = taken.reduce(0, +)
    guard 2 * kept > total, count <= 3, taken[classCount...].allSatisfy({ $0 == 0 }) else { return nil }
    return taken.prefix(classCount).map { Float($0) / Float(kept) }
  }

  private static let classCount = 8

  /// A single vote is a slip.
  private static func withoutSingles(_ votes: [Int]) -> [Int] { votes.map { $0 > 1 ? $0 : 0 } }
}
