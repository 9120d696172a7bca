import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// A safetensors file open for reading: eight bytes of header length, a JSON header, the numbers.
///
/// Everything is checked when the file is opened; one handle serves all reads, so replacing the file meanwhile
/// changes nothing. Nothing in such a file is ever a program or a path.
public final class WeightFile: Sendable {
  /// Where the file was found.
  public let path: String
  /// Texts that travel with the numbers.
  public var metadata: [String: String] { header.metadata }

  private let header: WeightHeader
  private let headerLength: Int
  private let descriptor: Int32
  private let byName: [String: WeightHeader.Entry]

  /// The longest header that is read, in bytes: the limit of the format's own library.
  public static let headerLimit = 100_000_000
  static let digestKey = "sha256"

  /// Opens the file and checks that it is whole.
  /// - Throws: ``FileProblem``.
  public init(_ path: String) throws {
    // Non-blocking, so that a pipe in the file's place cannot make us wait.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw AtomicFile.problem(path, "read", errno) }
    do {
      let length = try Self.regularLength(descriptor, path)
      guard length >= 8 else { throw Self.invalid(path, "\(length) bytes are too few") }
      let prefix = try Self.read(descriptor, path, from: 0, count: 8)
      let announced = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard announced > 0 else { throw Self.invalid(path, "its header is empty") }
      guard announced <= UInt64(Self.headerLimit) else {
        throw Self.invalid(path, "a header of \(announced) bytes is above the limit of \(Self.headerLimit)")
      }
      guard announced <= UInt64(length - 8) else {
        throw Self.invalid(path, "its header of \(announced) bytes is longer than the file: it was cut short")
      }
      headerLength = Int(announced)
      let bytes = try Self.read(descriptor, path, from: 8, count: headerLength)
      do {
        header = try WeightHeader(bytes, dataLength: length - 8 - headerLength)
      } catch {
        throw Self.invalid(path, error.message)
      }
    } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    byName = Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first }
  }

  deinit { close(descriptor) }

  /// The names of all arrays, sorted.
  public var names: [String] { byName.keys.sorted() }

  /// The shape of an array, as the file has it; nil where there is none of that name.
  public func shape(of name: String) -> [Int]? { byName[name]?.shape }

  /// How an array is stored; nil where there is none of that name.
  public func type(of name: String) -> NumberType? { byName[name]?.type }

  /// An array as floats, in the file's layout.
  /// - Throws: ``FileProblem`` where there is none of that name, or it cannot be read.
  public func tensor(_ name: String) throws -> Tensor {
    let entry = try entry(name)
    return try Tensor(entry.shape) { try floats(of: entry, from: 0, into: $0) }
  }

  /// Where an array lies.
  /// - Throws: ``FileProblem`` where there is none of that name.
  func entry(_ name: String) throws -> WeightHeader.Entry {
    guard let entry = byName[name] else {
      throw FileProblem(path, "holds no array \"\(name.printable)\"; it holds \(names.listed())")
    }
    return entry
  }

  /// As many numbers of an array as `target` has room for, from number `first` on.
  func floats(of entry: WeightHeader.Entry, from first: Int, into target: UnsafeMutableBufferPointer<Float>) throws {
    let start = 8 + headerLength + entry.begin + first * entry.type.size
    guard entry.type != .float32 else {
      return try Self.read(descriptor, path, from: start, into: UnsafeMutableRawBufferPointer(target))
    }
    let block = 1 << 18
    for first in stride(from: 0, to: target.count, by: block) {
      let part = UnsafeMutableBufferPointer(rebasing: target[first..<min(first + block, target.count)])
      let bytes = try Self.read(
        descriptor, path, from: start + first * entry.type.size, count: part.count * entry.type.size)
      bytes.withUnsafeBytes { entry.type.floats($0, into: part) }
    }
  }

  /// Whether the file carries a digest of itself.
  public var hasDigest: Bool { header.digestPlace != nil }

  /// Compares the file with the SHA-256 in its header, where it has one: the digest of the whole file, in which
  /// the digest's own 64 digits are zeros.
  /// - Throws: ``FileProblem`` where they differ.
  public func verifyDigest() throws {
    guard let place = header.digestPlace, let expected = metadata[Self.digestKey] else { return }
    let digest = Digest()
    var front = try Self.read(descriptor, path, from: 0, count: 8 + headerLength)
    for index in place { front[8 + index] = UInt8(ascii: "0") }
    digest.update(front)
    let end = 8 + headerLength + (header.entries.last?.end ?? 0)
    // Small enough to be still in the cache when it is digested, and for `malloc` not to ask the system for it.
    let block = 1 << 16
    try withUnsafeTemporaryAllocation(byteCount: block, alignment: 64) { buffer in
      for start in stride(from: front.count, to: end, by: block) {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(block, end - start)])
        try Self.read(descriptor, path, from: start, into: part)
        digest.update(UnsafeRawBufferPointer(part))
      }
    }
    guard digest.finish() == expected else {
      throw FileProblem(path, "is damaged: its content does not match the SHA-256 in its header")
    }
  }

  private static func invalid(_ path: String, _ reason: String) -> FileProblem {
    FileProblem(path, "is not a valid safetensors file: \(reason)")
  }

  private static func regularLength(_ descriptor: Int32, _ path: String) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw AtomicFile.problem(path, "read", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileProblem(path, "is not an ordinary file") }
    return Int(status.st_size)
  }

  private static func read(_ descriptor: Int32, _ path: String, from offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableRawBufferPointer(buffer)
      try read(descriptor, path, from: offset, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
      initialized = count
    }
  }

  private static func read(
    _ descriptor: Int32, _ path: String, from offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw AtomicFile.problem(path, "read", errno) }
      guard count > 0 else { throw FileProblem(path, "was cut short while it was read") }
      done += count
    }
  }
}
