extension [Sample] {
  /// `indices` (of these samples) cut into one list for each class, each in the order given.
  public func byClass(_ indices: some Sequence<Int>, classCount: Int) -> [[Int]] {
    var classes = [[Int]](repeating: [], count: classCount)
    for index in indices { classes[self[index].label].append(index) }
    return classes
  }
}
