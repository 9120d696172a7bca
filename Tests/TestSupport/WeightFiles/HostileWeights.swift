/// Weight files that somebody made to harm whoever reads them, or that a disk has damaged. The same ones every time.
public struct HostileWeights {
  /// One of them.
  public struct File: Sendable {
    /// What is wrong with it, fit to be a file's name.
    public let name: String
    public let bytes: [UInt8]
    /// Whether a reader may on no account accept it.
    public var mustBeRefused = false
  }

  /// All of them.
  public private(set) var files: [File] = []
  private var random = SplitMix(state: 20_261_121)

  /// - Parameter marker: a path that calls hidden in the files would create.
  public init(marker: String) {
    for (name, bytes) in Self.sound { damage(name, bytes) }
    addLyingHeaders()
    addArchives()
    addCalls(marker)
    addShapes()
    addMonsters()
  }

  mutating func add(_ name: String, _ bytes: [UInt8], refused: Bool = false) {
    files.append(File(name: "\(name)-\(files.count)", bytes: bytes, mustBeRefused: refused))
  }

  // MARK: sound files, and damage to them

  /// One file of each format, as it should be.
  public static var sound: [(name: String, bytes: [UInt8])] {
    let arrays: TorchWriter.Arrays = [
      ("module.conv.weight", StoredArray(shape: [4, 3, 3, 3], values: (0..<108).map { Float($0) / 100 })),
      ("module.bn.running_mean", StoredArray(shape: [4], values: [0.5, 1, 2, 3])),
      ("module.bn.running_var", StoredArray(shape: [4], values: [1, 1, 2, 1])),
    ]
    let header =
      #"{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
      + #""v":{"dtype":"I64","shape":[2],"data_offsets":[24,40]}}"#
    return [
      ("safetensors", safetensors(header, [UInt8](repeating: 63, count: 40))),
      ("zip", TorchWriter.checkpoint(arrays)), ("old", TorchWriter.checkpoint(arrays, isOld: true)),
    ]
  }

  private static func safetensors(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let bytes = Array(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(bytes.count)).littleEndian) { Array($0) } + bytes + data
  }

  private mutating func damage(_ name: String, _ bytes: [UInt8]) {
    for part in 0..<64 { add("\(name)-cut", Array(bytes.prefix(bytes.count * part / 64)), refused: true) }
    add("\(name)-longer", bytes + bytes)
    for _ in 0..<200 {
      var copy = bytes
      for _ in 0...random.below(3) { copy[random.below(copy.count)] ^= 1 << UInt8(random.below(8)) }
      add("\(name)-flipped", copy)
    }
    for _ in 0..<80 {
      var copy = bytes
      let start = random.below(copy.count)
      let fill = [0, 0xFF, 0x7F, UInt8(random.below(256))][random.below(4)]
      for place in start..<min(copy.count, start + 1 + random.below(12)) { copy[place] = fill }
      add("\(name)-overwritten", copy)
    }
    for _ in 0..<20 {
      let (from, to) = (random.below(bytes.count), random.below(bytes.count))
      let length = random.below(200)
      var copy = bytes
      copy.insert(contentsOf: bytes[from..<min(bytes.count, from + length)], at: to)
      add("\(name)-repeated", copy)
    }
  }

  // MARK: safetensors

  private mutating func addLyingHeaders() {
    let lengths: [UInt64] = [
      0, 1, 7, 8, 100, 1 << 20, 99_999_999, 100_000_001, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 7,
    ]
    for length in lengths { add("safetensors-length", Self.safetensors("{}", length: length), refused: true) }
    let shapes = [
      "[4194305,4194305,211106198978564]", "[9223372036854775807,2]", "[18446744073709551616]", "[-1]",
      "[1.5]", "[1e9]",
      "[[1]]", "[1,]", "[4294967296,4294967296]",
      "[" + (0..<2000).map { _ in "1" }.joined(separator: ",") + "]", "null",
      "\"1\"", "[0,9223372036854775807]",
    ]
    for shape in shapes {
      add(
        "safetensors-shape",
        Self.safetensors(#"{"w":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,4]}}"#, [0, 0, 0, 0]),
        refused: true)
    }
    for offsets in ["[4,0]", "[0,9223372036854775807]", "[0,5]", "[1,5]", "[0]", "[]", "[-4,0]", "[0,4,8]"] {
      add(
        "safetensors-offsets",
        Self.safetensors(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":\#(offsets)}}"#, [0, 0, 0, 0]),
        refused: true)
    }
    for kind in ["F4", "", "f32", "\\u0000", "C64", "F32\\n"] {
      add(
        "safetensors-type",
        Self.safetensors(#"{"w":{"dtype":"\#(kind)","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0]),
        refused: true)
    }
    add("safetensors-nested", Self.safetensors(String(repeating: "{\"a\":", count: 100_000)), refused: true)
    add(
      "safetensors-lists", Self.safetensors("{\"w\":" + String(repeating: "[", count: 100_000)), refused: true
    )
    add("safetensors-blanks", Self.safetensors("{" + String(repeating: " ", count: 4_000_000) + "}"))
    let entry = #""w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    add("safetensors-twice", Self.safetensors("{\(entry),\(entry)}"), refused: true)
    let many = (0..<100_000).map { #""w\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"# }
    add("safetensors-many", Self.safetensors("{" + many.joined(separator: ",") + "}"))
    let names = [
      "../../etc/x", "/etc/x", "a\\u0000b", "\\u001b[2J", String(repeating: "n", count: 1_000_000), "\\ud800",
    ]
    for name in names {
      add(
        "safetensors-name",
        Self.safetensors(#"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 192, 127]))
    }
  }

  // MARK: archives

  private mutating func addArchives() {
    let pickle = PickleWriter.state { $0.tensor("0", count: 2, shape: [2]) }
    func archive(_ change: (inout ZipWriter) -> Void, count: Int? = nil) -> [UInt8] {
      var writer = ZipWriter()
      writer.add("a/data.pkl", pickle)
      writer.add("a/data/0", [UInt8](repeating: 1, count: 8))
      change(&writer)
      return writer.finished(count: count)
    }
    for name in ["../x", "/etc/x", "a/../../x", "a\\..\\x", "", "a\u{0}b"] {
      add("zip-path", archive { $0.add(name, [1]) }, refused: true)
    }
    add("zip-twice", archive { $0.add("a/data/0", [1]) }, refused: true)
    add("zip-two-pickles", archive { $0.add("b/data.pkl", pickle) }, refused: true)
    add(
      "zip-overlap", archive { $0.add(ZipWriter.Entry(name: "a/data.pkl", content: pickle, place: 0)) },
      refused: true)
    for count in [0, 1, 3, 100, 65_535] { add("zip-count", archive({ _ in }, count: count), refused: true) }
    for method in [1, 8, 9, 12, 14, 93, 99, 65_535] {
      var writer = ZipWriter()
      writer.add(ZipWriter.Entry(name: "a/data.pkl", content: pickle, method: method))
      writer.add("a/data/0", [UInt8](repeating: 1, count: 8))
      add("zip-compressed", writer.finished(), refused: true)
    }
    for flags in [1, 0x40, 0x2000, 0x2041] {
      add(
        "zip-encrypted", archive { $0.add(ZipWriter.Entry(name: "a/x", content: [1], flags: flags)) },
        refused: true)
    }
    for size in [0, 1, 7, 9, 1 << 20, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF] {
      var writer = ZipWriter()
      writer.add("a/data.pkl", pickle)
      writer.add(ZipWriter.Entry(name: "a/data/0", content: [UInt8](repeating: 1, count: 8), size: size))
      add("zip-size", writer.finished(), refused: size != 9)
    }
    for place in [1, 30, 1 << 20, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF] {
      add(
        "zip-place", archive { $0.add(ZipWriter.Entry(name: "a/x", content: [1], place: place)) },
        refused: true)
    }
    add("zip-empty", ZipWriter().finished(), refused: true)
    // A bomb of the flat kind: many names for the same bytes.
    var bomb = ZipWriter()
    bomb.add("a/data.pkl", pickle)
    bomb.add("a/data/0", [UInt8](repeating: 1, count: 100_000))
    for number in 1..<5000 {
      bomb.add(ZipWriter.Entry(name: "a/data/\(number)", content: [], size: 100_000, checksum: 0, place: 60))
    }
    add("zip-bomb", bomb.finished(), refused: true)
    add("zip-many", archive { for number in 1..<60_000 { $0.add("a/x/\(number)", []) } })
    for order in ["big", "", "bit", String(repeating: "little", count: 1000)] {
      add("zip-byteorder", archive { $0.add("a/byteorder", Array(order.utf8)) })
    }
    // Every two bytes of the end record and of an entry of the directory, at their extremes.
    let sound = Self.sound[1].bytes
    for (start, length) in [(sound.count - 22, 22), (sound.count - 22 - 57, 57)] {
      for place in stride(from: start, to: start + length - 1, by: 2) {
        for value in [0, 0x7FFF, 0xFFFF] {
          var copy = sound
          (copy[place], copy[place + 1]) = (UInt8(value & 255), UInt8(value >> 8))
          add("zip-directory", copy)
        }
      }
    }
  }
}

/// Numbers for the corpus: the same every time.
private struct SplitMix {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(max(1, bound)))
  }
}
