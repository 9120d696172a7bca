import Support

/// The safetensors format: eight bytes of header length, a JSON header, the numbers.
enum Safetensors {
  /// The longest header that is read, in bytes: the limit of the format's own library.
  static let headerLimit = 100_000_000

  /// Reads and checks the header.
  /// - Throws: ``FileProblem``.
  static func contents(of file: OpenFile) throws -> WeightContents {
    func invalid(_ reason: String) -> FileProblem {
      FileProblem(file.path, "is not a valid safetensors file: \(reason)")
    }
    guard file.length >= 8 else { throw invalid("\(file.length) bytes are too few") }
    let announced = try file.read(from: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard announced > 0 else { throw invalid("its header is empty") }
    guard announced <= UInt64(headerLimit) else {
      throw invalid("a header of \(announced) bytes is above the limit of \(headerLimit)")
    }
    guard announced <= UInt64(file.length - 8) else {
      throw invalid("its header of \(announced) bytes is longer than the file: it was cut short")
    }
    let headerLength = Int(announced)
    let bytes = try file.read(from: 8, count: headerLength)
    let header: WeightHeader
    do { header = try WeightHeader(bytes, dataLength: file.length - 8 - headerLength) } catch {
      throw invalid(error.message)
    }
    var contents = WeightContents(format: .safetensors, metadata: header.metadata)
    contents.arrays = header.entries.map { entry in
      ArrayPlace(
        name: entry.name, type: entry.type, shape: entry.shape, count: entry.count,
        start: 8 + headerLength + entry.begin)
    }
    if let place = header.digestPlace, let expected = header.metadata[WeightFile.digestKey] {
      contents.integrity = .digest(headerLength: headerLength, place: place, expected: expected)
    }
    return contents
  }
}
