extension Double {
  /// With so many digits after the point, for people.
  package func rounded(places: Int) -> String {
    guard isFinite else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let value = (self * scale).rounded() / scale
    guard abs(value) < 1e15 else { return "\(value)" }
    if places == 0 { return "\(Int(value))" }
    let parts = "\(value)".split(separator: ".")
    guard parts.count == 2, parts[1].count <= places else { return "\(value)" }
    return parts[0] + "." + parts[1] + String(repeating: "0", count: places - parts[1].count)
  }
}
