import Support

/// The two formats of `torch.save`: where the pickle lies, and where the numbers.
enum TorchFile {
  /// What `torch.save` writes since PyTorch 1.6: a zip archive with `NAME/data.pkl` and a `NAME/data/KEY` for every
  /// storage.
  /// - Throws: ``FileProblem``.
  static func zip(_ file: OpenFile) throws -> WeightContents {
    try telling(file) {
      let archive = try ZipArchive(file)
      let entries = Dictionary(archive.entries.map { ($0.name, $0) }) { first, _ in first }
      let root = try root(of: archive, file)
      let pickle = try entry(root + "data.pkl", entries)
      try requireChecksum(pickle, file)
      if let order = entries[root + "byteorder"], !order.isCompressed, order.range.count < 16 {
        let bytes = try file.read(from: order.range.lowerBound, count: order.range.count)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text == "little" else {
          throw PickleProblem(
            "its numbers are stored big end first (byteorder \(text.printable)), which is not read")
        }
      }
      var machine = PickleMachine(PickleInput(file, pickle.range))
      let state = try TorchState(try machine.run(), machine.heap)
      var contents = WeightContents(format: .pytorchZip)
      var sums: [String: WeightContents.Checksum] = [:]
      try contents.take(state, machine.heap, file) { storage throws -> Range<Int> in
        let entry = try entry(root + "data/" + storage.key, entries)
        if entry.checksum != 0 {
          sums[entry.name] = WeightContents.Checksum(
            name: entry.name, range: entry.range, expected: entry.checksum)
        }
        return entry.range
      }
      contents.integrity = .checksums(sums.values.sorted { $0.range.lowerBound < $1.range.lowerBound })
      return contents
    }
  }

  /// What it wrote before: five pickles (magic number, version, system, content, keys of the storages), then each
  /// storage behind its length.
  /// - Throws: ``FileProblem``.
  static func legacy(_ file: OpenFile) throws -> WeightContents {
    try telling(file) {
      var machine = PickleMachine(PickleInput(file, 0..<file.length))
      guard case .bytes(magic) = try machine.run() else {
        throw PickleProblem(
          "it is a pickle, but not one that torch.save wrote; in Python: torch.save(model.state_dict(), \"weights.pth\")"
        )
      }
      guard try machine.run().integer == 1001 else { throw PickleProblem("its version is not known") }
      let system = try machine.run()
      if case .bool(false) = machine.heap.members(system)?.first(where: { $0.name == "little_endian" })?.value
      {
        throw PickleProblem("its numbers are stored big end first, which is not read")
      }
      let root = try machine.run()
      let keys = try machine.run()
      let places = try storages(
        machine.heap.elements(keys) ?? [], machine.heap, file, from: machine.input.place)
      let state = try TorchState(root, machine.heap)
      var contents = WeightContents(format: .pytorchLegacy)
      try contents.take(state, machine.heap, file) { storage throws -> Range<Int> in
        guard let place = places[storage.key] else {
          throw PickleProblem("the numbers \"\(storage.key.printable)\" are missing")
        }
        return place
      }
      return contents
    }
  }

  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  private static func telling(_ file: OpenFile, _ body: () throws -> WeightContents) throws -> WeightContents
  {
    do { return try body() } catch let problem as PickleProblem {
      throw FileProblem(file.path, "is not a readable PyTorch file: \(problem.message)")
    } catch let problem as ZipArchive.Problem { throw FileProblem(file.path, problem.message) }
  }

  // MARK: zip

  /// The folder in the archive that holds everything, with its slash.
  private static func root(of archive: ZipArchive, _ file: OpenFile) throws -> String {
    let names = archive.entries.map(\.name)
    let pickles = names.filter { $0.hasSuffix("/data.pkl") && $0.count { $0 == "/" } == 1 }
    guard pickles.count == 1 else {
      throw PickleProblem(
        "it is a zip archive without one data.pkl in it; it holds \(names.listed(atMost: 4))")
    }
    let root = String(pickles[0].dropLast("data.pkl".count))
    guard !names.contains(where: { $0 == root + "constants.pkl" || $0.hasPrefix(root + "code/") }) else {
      throw PickleProblem(
        "it is a TorchScript program; in Python: torch.save(torch.jit.load(FILE).state_dict(), \"weights.pth\")"
      )
    }
    return root
  }

  private static func entry(_ name: String, _ entries: [String: ZipArchive.Entry]) throws -> ZipArchive.Entry
  {
    guard let entry = entries[name] else { throw PickleProblem("\(name.printable) is missing in it") }
    guard !entry.isCompressed else {
      throw PickleProblem(
        "\(name.printable) is compressed in it, which torch.save never does; unpack it and pack it again without "
          + "compression (zip -0)")
    }
    return entry
  }

  private static func requireChecksum(_ entry: ZipArchive.Entry, _ file: OpenFile) throws {
    guard entry.checksum != 0 else { return }
    var sum = CRC32()
    try file.blocks(of: entry.range) { sum.update($0) }
    guard sum.value == entry.checksum else {
      throw PickleProblem("\(entry.name.printable) does not match its checksum: the file is damaged")
    }
  }

  // MARK: before 1.6

  /// Where each storage lies: eight bytes of how many numbers, then the numbers.
  private static func storages(
    _ keys: [PickleValue], _ heap: PickleHeap, _ file: OpenFile, from start: Int
  ) throws -> [String: Range<Int>] {
    let known = Dictionary(heap.storages.map { ($0.key, $0) }) { first, _ in first }
    var places: [String: Range<Int>] = [:]
    var place = start
    for key in keys {
      guard let key = key.text, let storage = known[key] else {
        throw PickleProblem("its list of keys is damaged")
      }
      guard let size = storage.type?.size ?? sizes[storage.kind] else {
        throw PickleProblem("it holds numbers of the kind \(storage.kind.printable), which are not read")
      }
      guard place <= file.length - 8 else {
        throw PickleProblem("it ends before its numbers: the file was cut short")
      }
      let count = try file.read(from: place, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard count == UInt64(storage.count) else {
        throw PickleProblem("\(count) numbers lie where the pickle announces \(storage.count)")
      }
      guard storage.count <= (file.length - place - 8) / size else {
        throw PickleProblem("it ends before the last of \(storage.count) numbers: the file was cut short")
      }
      guard places.updateValue(place + 8..<place + 8 + storage.count * size, forKey: key) == nil else {
        throw PickleProblem("its list of keys names \(key.printable) twice")
      }
      place += 8 + storage.count * size
    }
    return places
  }

  /// Bytes of each number of kinds that are not read but may lie between others.
  private static let sizes = [
    "ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QInt32Storage": 4,
  ]
}

extension WeightContents {
  /// Takes over the arrays that were found, once each is known to lie inside its storage.
  /// - Parameter bytes: the bytes of a storage.
  fileprivate mutating func take(
    _ state: TorchState, _ heap: PickleHeap, _ file: OpenFile,
    bytes: (PickleHeap.Storage) throws -> Range<Int>
  ) throws {
    var work = 0
    for (name, array) in state.arrays {
      do {
        let place = try Self.place(name, array, bytes)
        // What lies in the file once may be seen by several arrays, but not by any number of them.
        work += max(place.count, place.span) * place.type.size
        guard work <= 16 * file.length + 1 << 20 else {
          throw PickleProblem("its arrays are more than 16 times as large as the file")
        }
        arrays.append(place)
      } catch let problem as PickleProblem {
        throw PickleProblem("\"\(name.printable)\": \(problem.message)")
      }
    }
    guard !arrays.isEmpty else { throw PickleProblem("it holds no arrays") }
    wrappers = state.wrappers
    besides = state.besides
    skipped = heap.globals.filter(PickleCalls.isForeign)
  }

  private static func place(
    _ name: String, _ array: PickleHeap.Array, _ bytes: (PickleHeap.Storage) throws -> Range<Int>
  ) throws -> ArrayPlace {
    if let obstacle = array.obstacle {
      throw PickleProblem("it is \(obstacle); only ordinary dense tensors are read")
    }
    guard let storage = array.storage, let type = storage.type else {
      throw PickleProblem(
        "its numbers are of the kind \(array.storage?.kind.printable ?? "?"), which is not read")
    }
    let range = try bytes(storage)
    guard storage.count <= range.count / type.size else {
      throw PickleProblem("\(storage.count) numbers are announced, \(range.count) bytes are there")
    }
    let (shape, strides) = (array.shape, array.strides)
    guard shape.count == strides.count, (shape + strides).allSatisfy({ $0 >= 0 }), array.offset >= 0,
      let count = WeightHeader.product(shape), let last = last(shape, strides),
      case let (first, overflow) = array.offset.addingReportingOverflow(storage.first), !overflow,
      count == 0 || (first < storage.count && last < storage.count - first), count < 1 << 40
    else {
      throw PickleProblem(
        "shape \(shape) with strides \(strides) from number \(array.offset) on does not lie within its "
          + "\(storage.count) numbers")
    }
    return ArrayPlace(
      name: name, type: type, shape: shape, count: count,
      start: count == 0 ? range.lowerBound : range.lowerBound + first * type.size,
      strides: count == 0 || isConsecutive(shape, strides) ? nil : strides)
  }

  /// How far the last number lies from the first; nil where that overflows.
  private static func last(_ shape: [Int], _ strides: [Int]) -> Int? {
    guard !shape.contains(0) else { return 0 }
    var sum = 0
    for (size, step) in zip(shape, strides) {
      let (far, first) = (size - 1).multipliedReportingOverflow(by: step)
      let (next, second) = sum.addingReportingOverflow(far)
      guard !first, !second else { return nil }
      sum = next
    }
    return sum
  }

  private static func isConsecutive(_ shape: [Int], _ strides: [Int]) -> Bool {
    var expected = 1
    for (size, step) in zip(shape, strides).reversed() where size != 1 {
      guard step == expected else { return false }
      expected *= size
    }
    return true
  }
}
