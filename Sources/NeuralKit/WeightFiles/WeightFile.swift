import TensorKit
import Support

/// A file of weights open for reading: safetensors, or what PyTorch writes (`.pth`, `.pt`, `.pth.tar`; zip and older).
///
/// The content decides what kind it is, never the name. Everything is checked when the file is opened; one handle
/// serves all reads. Nothing in such a file is ever run, or used as a path.
package final class WeightFile: Sendable {
  /// Where the file was found.
  package var path: String { file.path }
  /// Its kind.
  package var format: WeightFormat { contents.format }
  /// Its size in bytes.
  package var length: Int { file.length }
  /// Texts that travel with the numbers.
  package var metadata: [String: String] { contents.metadata }
  /// What was taken off to come to the arrays, from the outside in: `state_dict`, `module.`
  package var wrappers: [String] { contents.wrappers }
  /// Classes and functions that a PyTorch file names and that are no part of weights. They were skipped; none was run.
  package var skipped: [String] { contents.skipped }
  /// What else lies in the file beside the weights, and was left there.
  package var besides: [String] { contents.besides }

  private let file: OpenFile
  private let contents: WeightContents
  private let byName: [String: ArrayPlace]

  static let digestKey = "sha256"

  /// Opens the file and checks that it is whole.
  /// - Throws: ``FileProblem``.
  package init(_ path: String) throws {
    file = try OpenFile(path)
    var contents = try Self.contents(of: file)
    contents.takeOffPrefixes()
    self.contents = contents
    byName = Dictionary(contents.arrays.map { ($0.name, $0) }) { _, last in last }
  }

  private static func contents(of file: OpenFile) throws -> WeightContents {
    let start = try file.read(from: 0, count: min(file.length, 512))
    // A header's length may look like any other signature; what follows it cannot.
    if start.count > 8, start[4..<8].allSatisfy({ $0 == 0 }), start[8] == UInt8(ascii: "{") {
      return try Safetensors.contents(of: file)
    }
    if start.starts(with: ZipArchive.signature) { return try TorchFile.zip(file) }
    if start.first == PickleOpcode.protocolNumber.rawValue { return try TorchFile.legacy(file) }
    if let problem = ForeignFile.problem(start) { throw FileProblem(file.path, problem) }
    return try Safetensors.contents(of: file)
  }

  /// The names of all arrays, sorted.
  package var names: [String] { byName.keys.sorted() }

  /// The shape of an array, as the file has it; nil where there is none of that name.
  package func shape(of name: String) -> [Int]? { byName[name]?.shape }

  /// How an array is stored; nil where there is none of that name.
  package func type(of name: String) -> NumberType? { byName[name]?.type }

  /// An array as floats, in the file's layout.
  /// - Throws: ``FileProblem`` where there is none of that name, or it cannot be read.
  package func tensor(_ name: String) throws -> Tensor {
    let place = try place(of: name)
    return try Tensor(place.shape) { try floats(of: place, from: 0, into: $0) }
  }

  /// Where an array lies.
  /// - Throws: ``FileProblem`` where there is none of that name.
  func place(of name: String) throws -> ArrayPlace {
    guard let place = byName[name] else {
      throw FileProblem(path, "holds no array \"\(name.printable)\"; it holds \(names.listed())")
    }
    return place
  }

  /// As many numbers of an array as `target` has room for, from number `first` on.
  /// - Precondition: the whole array where its numbers do not simply follow one another.
  func floats(of place: ArrayPlace, from first: Int, into target: UnsafeMutableBufferPointer<Float>) throws {
    guard place.strides == nil else {
      require(first == 0 && target.count == place.count, "a strided array is read as a whole")
      let source = UnsafeMutableBufferPointer<Float>.allocate(capacity: place.span)
      defer { source.deallocate() }
      try consecutive(place.type, from: place.start, into: source)
      return place.gather(UnsafeBufferPointer(source), into: target)
    }
    try consecutive(place.type, from: place.start + first * place.type.size, into: target)
  }

  private func consecutive(
    _ type: NumberType, from start: Int, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard type != .float32 else {
      return try file.read(from: start, into: UnsafeMutableRawBufferPointer(target))
    }
    let block = 1 << 18
    for first in stride(from: 0, to: target.count, by: block) {
      let part = UnsafeMutableBufferPointer(rebasing: target[first..<min(first + block, target.count)])
      let bytes = try file.read(from: start + first * type.size, count: part.count * type.size)
      bytes.withUnsafeBytes { type.floats($0, into: part) }
    }
  }

  /// Whether the file carries a digest of itself.
  package var hasDigest: Bool {
    if case .digest = contents.integrity { return true }
    return false
  }

  /// Opens a file, and compares it with the checksums it carries, where it has some.
  /// - Throws: ``FileProblem`` where it cannot be read, is damaged, or no weight file.
  package convenience init(intact path: String) throws {
    try self.init(path)
    try verifyDigest()
  }

  /// Compares the file with the checksums it carries, where it has some: the SHA-256 in the header of a safetensors
  /// file that this program wrote, the CRC-32 of each part that a zip archive gives weights from.
  /// - Throws: ``FileProblem`` where they differ.
  package func verifyDigest() throws {
    switch contents.integrity {
    case .none: break
    case .digest(let headerLength, let place, let expected):
      let digest = Digest()
      var front = try file.read(from: 0, count: 8 + headerLength)
      for index in place { front[8 + index] = UInt8(ascii: "0") }
      digest.update(front)
      try file.blocks(of: front.count..<file.length) { digest.update($0) }
      guard digest.finish() == expected else {
        throw FileProblem(path, "is damaged: its content does not match the SHA-256 in its header")
      }
    case .checksums(let parts):
      for part in parts {
        var sum = CRC32()
        try file.blocks(of: part.range) { sum.update($0) }
        guard sum.value == part.expected else {
          throw FileProblem(path, "is damaged: \(part.name.printable) does not match its checksum")
        }
      }
    }
  }
}

extension WeightContents {
  /// What PyTorch's wrappers (data-parallel, compiled) and Lightning put before every name.
  private static let prefixes = ["module.", "_orig_mod.", "model."]

  /// Takes a prefix off where all names have it, and again, since wrappers are put around wrappers.
  mutating func takeOffPrefixes() {
    while let prefix = Self.prefixes.first(where: { prefix in
      !arrays.isEmpty && arrays.allSatisfy { $0.name.hasPrefix(prefix) && $0.name.count > prefix.count }
    }) {
      for index in arrays.indices { arrays[index].name.removeFirst(prefix.count) }
      wrappers.append(prefix)
    }
  }
}
