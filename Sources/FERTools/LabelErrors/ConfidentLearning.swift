import FERCore

/// Which labels are probably wrong, by predictions of models that were not trained on the image.
///
///     t[j]    = mean of p[j] over the images labelled j                                            equation 2
///     C[i][j] = how many images labelled i have p[j] ≥ t[j], and of such j the largest p[j]        equation 1
///     s       = (p[y] − max of p[k] over k ≠ y, + 1) / 2     the normalised margin of the given label y
///
/// t[j] is how sure a model usually is of the class j, so a class that it is never sure of is not held against its images. What
/// stands off the diagonal of C, the confident joint, is counted as wrong. Images are ordered by the margin, not by p[y] alone
/// (their self-confidence): where the model sees no class clearly, p[y] is as low as where it clearly sees another, and only the
/// second says that the label is wrong.
///
/// Source: Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70,
/// arXiv:1911.00068; the normalised margin is that of their package cleanlab.
package struct ConfidentLearning: Sendable {
  /// t: how sure the predictions are of each class, on the images labelled so; nil for a class without images.
  package let thresholds: [Double?]
  /// C: images by given label, then by the class that they count as. Images that count as none are left out.
  package let joint: [[Int]]
  /// s of each image: 0 where all is on another class, 1 where all is on the given one.
  package let scores: [Double]
  /// The likeliest class of each image beside the given one.
  package let suggestions: [Int]
  /// The images, those with the least score first; of equals the first.
  package let order: [Int]

  /// - Parameter predictions: of at least two classes.
  package init(_ predictions: LabelledDistributions) {
    let (rows, labels) = (predictions.rows, predictions.labels)
    let classCount = rows.first?.count ?? 0
    var (sums, counts) = ([Double](repeating: 0, count: classCount), [Int](repeating: 0, count: classCount))
    for (row, label) in zip(rows, labels) {
      sums[label] += row[label]
      counts[label] += 1
    }
    let thresholds = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : nil }
    var joint = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    for (row, label) in zip(rows, labels) {
      let confident = row.indices.filter { place in thresholds[place].map { row[place] >= $0 } ?? false }
      guard let found = confident.max(by: { row[$0] < row[$1] }) else { continue }
      joint[label][found] += 1
    }
    let suggestions = zip(rows, labels).map { row, label in
      let others = row.indices.filter { $0 != label }
      return others.dropFirst().reduce(others.first ?? 0) { row[$1] > row[$0] ? $1 : $0 }
    }
    let scores = rows.indices.map { (rows[$0][labels[$0]] - rows[$0][suggestions[$0]] + 1) / 2 }
    order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    (self.thresholds, self.joint) = (thresholds, joint)
    (self.scores, self.suggestions) = (scores, suggestions)
  }

  /// How many labels are wrong: the sum of ``joint`` off its diagonal.
  package var estimatedErrors: Int {
    joint.indices.reduce(0) { $0 + joint[$1].reduce(0, +) - joint[$1][$1] }
  }
}
