import TensorKit
import Testing

/// The norm of the difference over the norm of the reference, in double precision; infinite where shapes differ
/// or a value is not finite. The norm itself where the reference is zero everywhere.
public func relativeNorm(_ found: [Float], _ reference: [Float]) -> Double {
  guard found.count == reference.count, found.allSatisfy(\.isFinite) else { return .infinity }
  var (difference, size) = (0.0, 0.0)
  for (f, r) in zip(found, reference) {
    difference += (Double(f) - Double(r)) * (Double(f) - Double(r))
    size += Double(r) * Double(r)
  }
  return size == 0 ? difference.squareRoot() : (difference / size).squareRoot()
}

/// ``relativeNorm(_:_:)-([Float],_)`` of tensors of the same shape.
public func relativeNorm(_ found: Tensor, _ reference: Tensor) -> Double {
  found.shape == reference.shape ? relativeNorm(found.values, reference.values) : .infinity
}

/// Fails unless shapes agree and every value lies within `absolute + relative * |expected|`.
public func expectClose(
  _ found: Tensor, _ expected: Tensor, absolute: Float = 1e-6, relative: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if let problem = difference(found, expected, absolute: absolute, relative: relative) {
    Issue.record("\(what.isEmpty ? "" : what + ": ")\(problem)", sourceLocation: sourceLocation)
  }
}

/// Fails unless the tensor is `[values.count]` or its only row holds these values, within the tolerance.
public func expectClose(
  _ found: Tensor, _ values: [Float], absolute: Float = 1e-6, relative: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let shape = found.count == values.count ? found.shape : [values.count]
  expectClose(
    found, Tensor(shape, values), absolute: absolute, relative: relative, what, sourceLocation: sourceLocation
  )
}

/// Fails unless the tensor is a matrix of these rows, within the tolerance.
public func expectClose(
  _ found: Tensor, _ rows: [[Float]], absolute: Float = 1e-6, relative: Float = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let expected = Tensor([rows.count, rows.first?.count ?? 0], rows.flatMap { $0 })
  expectClose(found, expected, absolute: absolute, relative: relative, what, sourceLocation: sourceLocation)
}

/// Fails unless ``relativeNorm(_:_:)-(Tensor,_)`` is at most `allowed`. Returns it, to be printed.
@discardableResult
public func expectRelativeNorm(
  _ found: Tensor, _ reference: Tensor, atMost allowed: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) -> Double {
  guard found.shape == reference.shape else {
    Issue.record(
      "\(what): shape is \(found.shape), expected \(reference.shape)", sourceLocation: sourceLocation)
    return .infinity
  }
  let error = relativeNorm(found, reference)
  if !(error <= allowed) {
    Issue.record("\(what): relative error \(error), allowed \(allowed)", sourceLocation: sourceLocation)
  }
  return error
}

/// What differs, in a sentence, or nil.
func difference(_ found: Tensor, _ expected: Tensor, absolute: Float, relative: Float) -> String? {
  guard found.shape == expected.shape else { return "shape is \(found.shape), expected \(expected.shape)" }
  var wrong: [String] = []
  var count = 0
  for (place, (f, e)) in zip(found.values, expected.values).enumerated() {
    let isClose = f == e || abs(f - e) <= absolute + relative * abs(e)
    guard !isClose else { continue }
    count += 1
    if wrong.count < 3 { wrong.append("\(f) at \(index(place, in: found.shape)), expected \(e)") }
  }
  return count == 0 ? nil : "\(count) of \(found.count) values differ: " + wrong.joined(separator: "; ")
}

private func index(_ place: Int, in shape: [Int]) -> [Int] {
  var (rest, result) = (place, [Int]())
  for size in shape.reversed() {
    result.append(rest % size)
    rest /= size
  }
  return result.reversed()
}
