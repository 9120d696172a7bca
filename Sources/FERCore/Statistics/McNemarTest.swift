import Support
import Foundation

/// Whether two ways of answering the same questions differ by more than chance: only the questions count that one of them
/// gets right and the other wrong, and by chance these fall to either side like a coin.
///
/// Source: McNemar 1947; the continuity correction, Edwards 1948. The numbers are those of statsmodels'
/// `mcnemar(table, exact:)`, exact below 25 such questions.
package struct McNemarTest: Sendable, Equatable {
  /// How many questions the first alone gets right.
  package let onlyFirst: Int
  /// How many questions the second alone gets right.
  package let onlySecond: Int
  /// The smaller of both where the test is exact; (|b − c| − 1)² / (b + c) otherwise.
  package let statistic: Double
  /// How likely chance is to bring at least this difference, in either direction. 1 where there is none to see.
  package let pValue: Double
  /// Whether the probability was counted out, by the binomial distribution; otherwise it is that of χ² with one degree of
  /// freedom.
  package let isExact: Bool

  /// - Precondition: neither is below 0.
  package init(onlyFirst: Int, onlySecond: Int) {
    require(onlyFirst >= 0 && onlySecond >= 0, "McNemarTest: counts below 0")
    (self.onlyFirst, self.onlySecond) = (onlyFirst, onlySecond)
    let (fewer, all) = (min(onlyFirst, onlySecond), onlyFirst + onlySecond)
    isExact = all < 25
    if isExact {
      // 2 P(X <= fewer) for `all` throws of a coin; the sums are whole numbers below 2²⁵.
      var (ways, sum) = (1.0, 0.0)
      for taken in 0...fewer {
        sum += ways
        ways *= Double(all - taken) / Double(taken + 1)
      }
      statistic = Double(fewer)
      pValue = min(1, 2 * sum * exp2(-Double(all)))
    } else {
      let gap = Double(abs(onlyFirst - onlySecond)) - 1
      statistic = gap * gap / Double(all)
      pValue = erfc((statistic / 2).squareRoot())
    }
  }
}
