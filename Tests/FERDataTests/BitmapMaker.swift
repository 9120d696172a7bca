/// Writes BMP files of every kind by hand, so that tests can say what is in them, and lie.
struct BitmapMaker {
  var width = 2
  /// Negative: rows from above.
  var height = 2
  var bits = 24
  /// The length of the header: 12 for OS/2's first, 40 for Windows' usual one.
  var header = 40
  var compression = 0
  /// Red, green and blue.
  var palette: [[UInt8]] = []
  /// How many colours the header states; 0 is all that the bits can tell apart.
  var colours = 0
  /// Behind a header of 40 bytes, in the longer ones.
  var masks: [Int] = []
  /// What the file says on where the pixels are; nil is the truth.
  var offset: Int? = nil
  /// Without it the file is a bare DIB.
  var hasFileHeader = true
  /// The rows as they are stored, padded; or runs.
  var data: [UInt8] = []

  private func number(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  var file: [UInt8] {
    var information = number(header, 4)
    if header == 12 {
      information += [width, height, 1, bits].flatMap { number($0, 2) }
    } else {
      information += number(width, 4) + number(height, 4) + number(1, 2) + number(bits, 2)
      information += [compression, data.count, 0, 0, colours, 0].flatMap { number($0, 4) }
      information += masks.flatMap { number($0, 4) }
      let length = header == 40 ? 40 + 4 * masks.count : header
      information =
        Array(information.prefix(length)) + Array(repeating: 0, count: max(0, length - information.count))
    }
    let padding: [UInt8] = header == 12 ? [] : [0]
    let entries = palette.flatMap { Array($0.reversed()) + padding }
    let start = 14 + information.count + entries.count
    let file = Array("BM".utf8) + number(start + data.count, 4) + number(0, 4) + number(offset ?? start, 4)
    return (hasFileHeader ? file : []) + information + entries + data
  }
}
