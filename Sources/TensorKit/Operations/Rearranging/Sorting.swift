extension Tensor {
  /// The places of the largest elements of each row of the last axis, the largest first: of equal ones the lower place,
  /// not a number last of all.
  ///
  /// What is gathered by them shall be gathered by ``gathered(strongest:by:behind:)``, so that a ``Trace`` knows why.
  ///
  /// ## Shapes
  /// `[..., n]` → `count` places in 0 ..< n for each row, rows in order
  public func topPlaces(_ count: Int) -> [[Int]] {
    require((0...(shape.last ?? 0)).contains(count), "top places", "\(count) of \(shape)", "its last axis")
    return placesInOrder(descending: true).map { Array($0.prefix(count)) }
  }

  /// The places of all elements of each row of the last axis in order of size: of equal ones the lower place first, not
  /// a number last in either order.
  ///
  /// ## Shapes
  /// `[..., n]` → n places for each row, rows in order
  public func sortedPlaces(descending: Bool = false) -> [[Int]] {
    noteRead()
    return placesInOrder(descending: descending)
  }

  private func placesInOrder(descending: Bool) -> [[Int]] {
    let columns = shape.last ?? 0
    return (0..<count / max(columns, 1)).map { row in
      let values = pointer + row * columns
      return (0..<columns).sorted { left, right in
        let (a, b) = (values[left], values[right])
        if a == b || a.isNaN && b.isNaN { return left < right }
        return b.isNaN || (descending ? a > b : a < b)
      }
    }
  }

  /// Each row of the last axis in order of size, as ``sortedPlaces(descending:)`` has it. A gradient goes back to where
  /// its element came from.
  ///
  /// ## Shapes
  /// `[..., n]` → the same
  public func sorted(descending: Bool = false) -> Tensor {
    let places = placesInOrder(descending: descending)
    let result = reshaped([places.count, shape.last ?? 0]).gathered(places: places).reshaped(shape)
    guard let tape, isTraced else { return result }
    return tape.traced(result, as: .sort(descending: descending), of: [self])
  }
}
