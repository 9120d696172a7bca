/// Pickles that call, lie and grow.
extension HostileWeights {
  // MARK: calls

  /// Every way in which a pickle can have Python call something, for things that nobody should call.
  mutating func addCalls(_ marker: String) {
    let targets = [
      ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("__builtin__", "eval"),
      ("builtins", "exec"), ("subprocess", "Popen"), ("builtins", "getattr"), ("torch.hub", "load"),
      ("runpy", "run_path"),
      ("torch._utils", "_rebuild_tensor_v2"), ("torch._tensor", "_rebuild_from_type_v2"),
      ("collections", "OrderedDict"),
    ]
    for (module, name) in targets {
      for way in CallWay.allCases {
        var pickle = PickleWriter(protocol: 4)
        pickle.bytes += Array("}(".utf8)
        pickle.text("x")
        way.write(&pickle, module, name, "touch \(marker)")
        pickle.text("w")
        pickle.tensor("0", count: 2, shape: [2])
        pickle.bytes += Array("u.".utf8)
        add("zip-call-\(way)", TorchWriter.zip(pickle.bytes, [[1, 2]]))
        add("old-call-\(way)", TorchWriter.old(pickle.bytes, [[1, 2]]))
      }
    }
  }

  // MARK: tensors

  mutating func addShapes() {
    let large = [1 << 31, 1 << 32, 1 << 40, 1 << 62, Int.max]
    var cases: [(count: Int, offset: Int, shape: [Int], strides: [Int])] = [
      (2, 0, [3], [1]), (2, 1, [2], [1]), (2, 0, [2], [2]), (2, 0, [-1], [1]), (2, 0, [2], [-1]),
      (2, -1, [2], [1]),
      (3, 0, [2], [1]), (-1, 0, [2], [1]), (2, 0, [2, 2], [1]),
      (2, 0, [4_194_305, 4_194_305, 211_106_198_978_564], [0, 0, 0]),
      (2, 0, [2], [Int.min]), (2, 0, [Int.min], [1]), (2, 0, [1 << 24], [0]),
      (2, 0, [1 << 20, 1 << 20], [0, 0]),
      (2, 0, [Int](repeating: 2, count: 17), [Int](repeating: 0, count: 17)),
      (2, 0, [Int](repeating: 1, count: 5000), [Int](repeating: 1, count: 5000)),
    ]
    for number in large {
      cases += [
        (number, 0, [2], [1]), (2, number, [2], [1]), (2, 0, [number], [1]), (2, 0, [number], [0]),
        (2, 0, [2], [number]), (2, 0, [number, number], [number, number]), (number, 0, [number], [1]),
      ]
    }
    for item in cases {
      let write = { (isOld: Bool) in
        PickleWriter.state {
          $0.tensor(
            "0", count: item.count, offset: item.offset, shape: item.shape, strides: item.strides,
            isOld: isOld)
        }
      }
      add("zip-shape", TorchWriter.zip(write(false), [[1, 2]]), refused: true)
      add("old-shape", TorchWriter.old(write(true), [[1, 2]]), refused: true)
    }
    for key in ["1", "../data.pkl", "", "0/../0", String(repeating: "9", count: 10_000)] {
      add(
        "zip-key", TorchWriter.zip(PickleWriter.state { $0.tensor(key, count: 2, shape: [2]) }, [[1, 2]]),
        refused: true)
      add(
        "old-key",
        TorchWriter.old(PickleWriter.state { $0.tensor(key, count: 2, shape: [2], isOld: true) }, [[1, 2]]),
        refused: true)
    }
    for kind in ["QInt8Storage", "ComplexFloatStorage", "Storage", "", "floatstorage", "DoubleStorage"] {
      add(
        "zip-kind",
        TorchWriter.zip(PickleWriter.state { $0.tensor("0", kind, count: 2, shape: [2]) }, [[1, 2]]),
        refused: true)
    }
    // Many views that each span everything: little in the file, much to read.
    var views = PickleWriter()
    views.bytes += Array("}(".utf8)
    for number in 0..<20_000 {
      views.text("w\(number)")
      views.tensor("0", count: 100_000, shape: [2], strides: [99_999])
    }
    views.bytes += Array("u.".utf8)
    add("zip-views", TorchWriter.zip(views.bytes, [[Float](repeating: 1, count: 100_000)]), refused: true)
  }

  // MARK: monsters

  /// Pickles that are small and want much.
  mutating func addMonsters() {
    func wrapped(_ name: String, _ body: [UInt8], refused: Bool = true) {
      let pickle: [UInt8] = [0x80, 4] + body
      add("zip-\(name)", TorchWriter.zip(pickle, []), refused: refused)
      add("old-\(name)", TorchWriter.old(pickle, []), refused: refused)
    }
    func times(_ count: Int, _ text: String) -> [UInt8] { Array(String(repeating: text, count: count).utf8) }
    func times(_ count: Int, _ bytes: [UInt8]) -> [UInt8] { (0..<count).flatMap { _ in bytes } }
    let stop: [UInt8] = [0x2E]
    wrapped("lists-deep", times(400_000, "]") + times(399_999, "a") + stop)
    wrapped("lists-deeper", times(3_000_000, "]"))
    wrapped("tuples-deep", times(1, ")") + times(1_900_000, [0x85]) + stop)
    wrapped("dicts-deep", times(200_000, "}K\u{1}") + times(199_999, "s") + stop)
    wrapped("marks", times(2_000_000, "("))
    wrapped("marks-popped", times(2_500_000, "(0"))
    wrapped("duplicates", times(1, "]") + times(2_000_000, "2"))
    wrapped("memo", times(1, "N") + times(3_000_000, [0x94]) + stop)
    wrapped("long-work", times(5_000_000, "N0") + times(1, "N."))
    wrapped("self", Array("]q\u{0}h\u{0}a.".utf8))
    wrapped("self-dictionary", Array("}q\u{0}X\u{5}\u{0}\u{0}\u{0}modelh\u{0}s.".utf8))
    wrapped("doubling", times(1, "]") + times(60, "(22t") + stop)
    for size in [0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000, 1 << 28] {
      let length = (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
      for operation in "XTB" { wrapped("length", times(1, String(operation)) + length) }
      wrapped("length-long", [0x8B] + length)
      let kept: [UInt8] = times(1, "Nr") + length
      wrapped("memo-number", kept + times(1, "j") + length + times(1, ".."))
    }
    for size: UInt64 in [1 << 63, .max, 1 << 40, 1 << 62] {
      let length = withUnsafeBytes(of: size.littleEndian) { Array($0) }
      for operation: UInt8 in [0x8D, 0x8E, 0x96, 0x95] { wrapped("length-wide", [operation] + length) }
    }
    for line in [
      "I9999999999999999999999\n", "Ix\n", "L1L", "Fnan(\n", "p-1\n", "g99999999999999999999\n", "S'", "V",
    ] {
      wrapped("line", times(1, line) + stop)
    }
    for byte in UInt8.min...UInt8.max { wrapped("operation-\(byte)", [byte]) }
    // A list copied again and again by what makes a container from it.
    let filled: [UInt8] = times(1, "](") + times(500_000, "N") + times(1, "eq\u{0}")
    let copy: [UInt8] = times(1, "ccollections\nOrderedDict\nh\u{0}") + [0x85] + times(1, "R0")
    wrapped("copies", filled + times(2000, copy) + stop)
    // A large dictionary that is its own model, net, network ...
    var woven = PickleWriter()
    woven.bytes += Array("}q\u{0}(".utf8)
    for number in 0..<200_000 {
      woven.bytes += [0x4A] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } + Array("N".utf8)
    }
    for key in ["state_dict", "model_state_dict", "model", "net", "network", "module", "weights"] {
      woven.text(key)
      woven.bytes += Array("h\u{0}".utf8)
    }
    woven.bytes += Array("u.".utf8)
    add("zip-woven", TorchWriter.zip(woven.bytes, []), refused: true)
    // Modules in modules, each twice: 2 to the 60th in all.
    var modules = PickleWriter()
    for level in 0..<60 {
      modules.bytes += Array("c__main__\nM\n)".utf8) + [0x81]
      modules.bytes += Array("}(".utf8)
      modules.text("_modules")
      modules.bytes += Array("}(".utf8)
      if level > 0 {
        for name in ["a", "b"] {
          modules.text(name)
          modules.bytes += Array("h".utf8) + [UInt8(level - 1)]
        }
      }
      modules.bytes += Array("uub".utf8) + Array("q".utf8) + [UInt8(level)]
      if level < 59 { modules.operation("0") }
    }
    modules.stop()
    add("zip-modules", TorchWriter.zip(modules.bytes, []), refused: true)
    let pickled: [UInt8] = [0x80, 2, 0x4E, 0x2E]
    for (name, bytes) in [
      ("pickle", pickled), ("pickle-cut", [0x80]), ("pickle-protocol", [0x80, 9, 0x4E, 0x2E]),
    ] {
      add(name, bytes, refused: true)
    }
  }
}

/// A way in which a pickle can have Python call something.
private enum CallWay: CaseIterable {
  case reduce, stackGlobal, newObject, newObjectWithNames, instance, object, build, extensions, persistent
  case binaryPersistent, getattr, asKey

  func write(_ pickle: inout PickleWriter, _ module: String, _ name: String, _ argument: String) {
    func arguments() {
      pickle.operation("(")
      pickle.text(argument)
      pickle.operation("t")
    }
    switch self {
    case .reduce, .newObject:
      pickle.global(module, name)
      arguments()
      if self == .reduce { pickle.operation("R") } else { pickle.raw(0x81) }
    case .stackGlobal:
      pickle.text(module)
      pickle.text(name)
      pickle.raw(0x93)
      arguments()
      pickle.operation("R")
    case .newObjectWithNames:
      pickle.global(module, name)
      arguments()
      pickle.bytes += Array("}".utf8) + [0x92]
    case .instance:
      pickle.operation("(")
      pickle.text(argument)
      pickle.bytes += Array("i\(module)\n\(name)\n".utf8)
    case .object:
      pickle.operation("(")
      pickle.global(module, name)
      pickle.text(argument)
      pickle.operation("o")
    case .build:
      pickle.global(module, name)
      arguments()
      pickle.bytes += Array("R}(".utf8)
      pickle.text("__setstate__")
      pickle.global(module, name)
      pickle.bytes += Array("ub".utf8)
    case .extensions:
      pickle.raw(0x82, 1, 0x30, 0x83, 1, 2, 0x30, 0x84, 1, 2, 3, 4)
      arguments()
      pickle.operation("R")
    case .persistent: pickle.bytes += Array("P\(argument)\n".utf8)
    case .binaryPersistent:
      pickle.global(module, name)
      pickle.operation("Q")
    case .getattr:
      pickle.global("builtins", "getattr")
      pickle.operation("(")
      pickle.global(module, name)
      pickle.text("__call__")
      pickle.bytes += Array("tR".utf8)
      arguments()
      pickle.operation("R")
    case .asKey:
      pickle.operation("N")
      pickle.global(module, name)
      arguments()
      pickle.operation("R")
      pickle.operation("N")
    }
  }
}
