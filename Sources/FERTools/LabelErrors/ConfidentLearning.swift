import FERCore

/// Which labels are probably wrong, by predictions of models that were not trained on the image.
///
///     t[j]    = mean of p[j] over the images labelled j                                            equation 2
///     C[i][j] = how many images labelled i have p[j] ≥ t[j], and of such j the largest p[j]        equation 1
///     s       = p[y]     the self-confidence of the given label y
///
/// t[j] is how sure a model usually is of the class j, so a class that it is never sure of is not held against its images. What
/// stands off the diagonal of C, the confident joint, is counted as wrong. Images are ordered by self-confidence and not by the
/// normalised margin, (p[y] − max of p[k] over k ≠ y, + 1) / 2, which they propose beside it: of faces a model often sees another
/// class clearly where the given one is its second guess, and a label that nothing in the face speaks for is the likelier error.
///
/// Source: Northcutt, Jiang and Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70,
/// arXiv:1911.00068.
package struct ConfidentLearning: Sendable {
  /// t: how sure the predictions are of each class, on the images labelled so; nil for a class without images.
  package let thresholds: [Double?]
  /// C: images by given label, then by the class that they count as. Images that count as none are left out.
  package let joint: [[Int]]
  /// s of each image: 0 where nothing is on the given class, 1 where all is.
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
    let scores = zip(rows, labels).map { $0[$1] }
    order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    (self.thresholds, self.joint) = (thresholds, joint)
    (self.scores, self.suggestions) = (scores, suggestions)
  }

  /// How many labels are wrong: the sum of ``joint`` off its diagonal.
  package var estimatedErrors: Int {
    joint.indices.reduce(0) { $0 + joint[$1].reduce(0, +) - joint[$1][$1] }
  }
}
