/// What the few names that belong to weights make of their arguments. Every other name makes nothing.
enum PickleCalls {
  /// Names that hold no surprise and are not worth telling, beside those that ``result(of:_:_:)`` knows.
  private static let plain: Set<String> = [
    "builtins.bool", "builtins.bytearray", "builtins.bytes", "builtins.dict", "builtins.float",
    "builtins.frozenset",
    "builtins.int", "builtins.list", "builtins.object", "builtins.set", "builtins.str", "builtins.tuple",
    "collections.OrderedDict", "collections.defaultdict", "copyreg._reconstructor", "_codecs.encode",
    "torch.Size", "torch.Tensor", "torch.device", "torch.nn.parameter.Parameter",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state", "torch._tensor._rebuild_from_type_v2",
  ]

  /// Functions that make kinds of tensors that are not read, and what those are called.
  private static let obstacles = [
    "torch._utils._rebuild_qtensor": "quantised", "torch._utils._rebuild_sparse_tensor": "sparse",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse", "torch._utils._rebuild_nested_tensor": "nested",
    "torch._utils._rebuild_meta_tensor_no_storage": "without numbers (meta)",
    "torch._utils._rebuild_wrapper_subclass": "of a class of its own",
    "torch._utils._rebuild_device_tensor_from_numpy": "stored as a NumPy array",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "stored for a special device",
    "torch._utils._rebuild_tensor_v3": "of a number type that is not read",
  ]

  /// The number types of PyTorch's storages.
  private static let types: [String: NumberType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .brainFloat16,
    "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
    "ByteStorage": .uint8,
    "BoolStorage": .bool, "UntypedStorage": .uint8,
  ]

  /// Whether a name is no part of weights, so that a person should know that the file holds it.
  static func isForeign(_ name: String) -> Bool {
    let isStorage = name.hasPrefix("torch.") && name.hasSuffix("Storage")
    let isType =
      ["torch.float", "torch.int", "torch.uint", "torch.bfloat", "torch.bool", "torch.half"]
      .contains { name.hasPrefix($0) } && name.split(separator: ".").count == 2
    return !plain.contains(name) && obstacles[name] == nil && !isStorage && !isType
  }

  /// What calling a name with these arguments makes here.
  static func result(
    of function: PickleValue, _ arguments: [PickleValue], _ heap: inout PickleHeap
  ) throws -> PickleValue {
    guard let name = heap.name(function) else { return heap.object("something that is no class") }
    switch name {
    case "collections.OrderedDict", "builtins.dict":
      let given = try content(arguments.first, &heap)
      return heap.dictionary(pairs(in: given, heap))
    case "collections.defaultdict": return heap.dictionary()
    case "builtins.list", "builtins.set", "builtins.frozenset":
      return heap.list(try content(arguments.first, &heap))
    case "builtins.tuple", "torch.Size": return heap.tuple(try content(arguments.first, &heap))
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2": return try array(arguments, &heap)
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      return arguments.first ?? .none
    case "torch._tensor._rebuild_from_type_v2":
      // (function, class, arguments, state): the tensor that the class wraps.
      guard arguments.count >= 3, let inner = heap.elements(arguments[2]) else { throw damaged }
      guard let wrapped = heap.name(arguments[0]), wrapped != name else { throw damaged }
      return try result(of: arguments[0], inner, &heap)
    case "copyreg._reconstructor": return heap.object(arguments.first.flatMap(heap.name) ?? name)
    default:
      if let obstacle = obstacles[name] { return heap.array(PickleHeap.Array(obstacle: obstacle)) }
      return heap.object(name)
    }
  }

  /// What a persistent name stands for: `("storage", class, key, device, count)`, before 1.6 with a sixth value, nil or
  /// `(key, first, count)` of a part; or `("module", class, ...)`.
  static func persistent(_ value: PickleValue, _ heap: inout PickleHeap) throws -> PickleValue {
    let parts = heap.elements(value) ?? []
    if parts.first?.text == "module", parts.count >= 2 { return parts[1] }
    guard parts.first?.text == "storage", parts.count >= 5 else { return heap.object("a persistent object") }
    guard let name = heap.name(parts[1]), let key = parts[2].text, let count = parts[4].integer, count >= 0
    else { throw PickleProblem("its pickle describes a row of numbers that makes no sense") }
    let kind = name.split(separator: ".").last.map(String.init) ?? name
    var storage = PickleHeap.Storage(key: key, kind: kind, type: types[kind], count: count)
    if parts.count > 5, let view = heap.elements(parts[5]) {
      guard view.count == 3, let first = view[1].integer, let length = view[2].integer, first >= 0,
        length >= 0, first <= count, length <= count - first
      else { throw PickleProblem("its pickle describes a part of a row of numbers that makes no sense") }
      storage.first = first
    }
    heap.storages.append(storage)
    return .storage(heap.storages.count - 1)
  }

  private static let damaged = PickleProblem("its pickle describes a tensor that makes no sense")

  /// What a new container is filled from.
  private static func content(_ value: PickleValue?, _ heap: inout PickleHeap) throws -> [PickleValue] {
    let elements = value.flatMap(heap.elements) ?? []
    try heap.spend(elements.count)
    return elements
  }

  private static func pairs(in values: [PickleValue], _ heap: PickleHeap) -> [(
    key: PickleValue, value: PickleValue
  )] {
    values.compactMap { value in
      guard let pair = heap.elements(value), pair.count == 2 else { return nil }
      return (pair[0], pair[1])
    }
  }

  /// (storage, offset, shape, strides, ...)
  private static func array(_ arguments: [PickleValue], _ heap: inout PickleHeap) throws -> PickleValue {
    if arguments.count >= 4, let rank = heap.elements(arguments[2])?.count, rank > ArrayPlace.rankLimit {
      throw PickleProblem("a tensor in it has \(rank) dimensions; at most \(ArrayPlace.rankLimit) are read")
    }
    guard arguments.count >= 4, case .storage(let number) = arguments[0], let offset = arguments[1].integer,
      let shape = sizes(arguments[2], heap), let strides = sizes(arguments[3], heap)
    else { throw damaged }
    return heap.array(
      PickleHeap.Array(storage: heap.storages[number], offset: offset, shape: shape, strides: strides))
  }

  /// A few whole numbers; nil for anything else.
  private static func sizes(_ value: PickleValue, _ heap: PickleHeap) -> [Int]? {
    guard let elements = heap.elements(value), elements.count <= ArrayPlace.rankLimit else { return nil }
    let numbers = elements.compactMap(\.integer)
    return numbers.count == elements.count ? numbers : nil
  }
}
