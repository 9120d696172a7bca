import Support

/// Finds the named arrays in what a PyTorch file holds: a state dictionary, a checkpoint around one, or a whole module.
struct TorchState {
  /// The arrays under their names.
  private(set) var arrays: [(name: String, array: PickleHeap.Array)] = []
  /// The keys that lead to them, from the outside in.
  private(set) var wrappers: [String] = []
  /// What lies beside them.
  private(set) var besides: [String] = []

  /// Under which keys checkpoints keep their weights, the likeliest first.
  private static let keys = [
    "state_dict", "model_state_dict", "model", "net", "network", "module", "weights",
  ]
  private static let arrayLimit = 100_000
  private static let depthLimit = 64

  /// How many members of dictionaries may be looked at: a dictionary may be met in many places, even in itself.
  private static let workLimit = 8_000_000

  /// What further dictionaries of weights are called, behind a word of their own: "fc_state_dict".
  private static let companionEnding = "_state_dict"

  private let heap: PickleHeap
  private var visits = 0
  private var work = 0
  /// Dictionaries beside that of the weights, which may hold layers of their own.
  private var companions: [(name: String, value: PickleValue)] = []

  /// - Throws: ``PickleProblem`` where there are no named arrays.
  init(_ root: PickleValue, _ heap: PickleHeap) throws {
    self.heap = heap
    try find(root)
    try takeCompanions()
  }

  /// The members of a dictionary with texts as keys, counted against the limit; nil for anything else.
  private mutating func members(_ value: PickleValue) throws -> [(name: String, value: PickleValue)]? {
    guard case .dictionary(let number) = value else { return nil }
    work += heap.dictionaries[number].count + 1
    guard work <= Self.workLimit else { throw PickleProblem("its dictionaries are woven into each other") }
    return heap.members(value)
  }

  private mutating func find(_ root: PickleValue) throws {
    var value = root
    for _ in 0..<8 {
      if case .object(let number) = value { return try takeModule(number) }
      guard let members = try members(value) else { throw Self.noWeights("holds " + Self.words(for: value)) }
      var holders: [(name: String, value: PickleValue)] = []
      for member in members where try holdsArrays(member.value) { holders.append(member) }
      // Before the arrays beside it: checkpoints keep a best score or a step as an array.
      if let key = Self.keys.first(where: { key in holders.contains { $0.name == key } }) {
        companions += holders.filter {
          $0.name != key && $0.name.hasSuffix(Self.companionEnding) && !$0.name.contains("optim")
        }
        descend(into: key, members, &value)
        continue
      }
      if members.contains(where: { isArray($0.value) }) { return try takeState(members) }
      holders.removeAll { $0.name.contains("optim") }
      guard !holders.isEmpty else { throw noWeights(in: members.map(\.name)) }
      guard holders.count > 1 else {
        descend(into: holders[0].name, members, &value)
        continue
      }
      besides += members.map(\.name).filter { name in !holders.contains { $0.name == name } }
      for holder in holders { try takeState(self.members(holder.value) ?? [], below: holder.name + ".") }
      return
    }
    throw PickleProblem("its weights lie within more than 8 dictionaries, the limit")
  }

  private mutating func descend(
    into key: String, _ members: [(name: String, value: PickleValue)], _ value: inout PickleValue
  ) {
    wrappers.append(key)
    besides += members.map(\.name).filter { $0 != key }
    value = members.first { $0.name == key }?.value ?? .none
  }

  // MARK: state dictionaries

  private mutating func takeState(_ members: [(name: String, value: PickleValue)], below prefix: String = "")
    throws
  {
    for (name, value) in members {
      if case .array(let number) = value {
        try add(prefix + name, number)
      } else {
        besides.append(prefix + name)
      }
    }
  }

  /// Some save a network in pieces: `{ model_state_dict, fc_state_dict }`. The arrays of such a piece follow those of the
  /// weights, below its word: `fc.weight`. Another state of the same network, such as its running average, has the names
  /// of the weights and stays beside them.
  private mutating func takeCompanions() throws {
    for (name, value) in companions {
      let known = Set(arrays.map(\.name))
      let prefix = name.dropLast(Self.companionEnding.count) + "."
      guard let members = try members(value),
        !members.contains(where: { known.contains($0.name) || known.contains(prefix + $0.name) })
      else { continue }
      besides.removeAll { $0 == name }
      try takeState(members, below: String(prefix))
    }
  }

  private mutating func add(_ name: String, _ number: Int) throws {
    guard arrays.count < Self.arrayLimit else {
      throw PickleProblem("it holds more than \(Self.arrayLimit) arrays")
    }
    arrays.append((name, heap.arrays[number]))
  }

  private func isArray(_ value: PickleValue) -> Bool {
    if case .array = value { return true }
    return false
  }

  /// Whether named arrays can be found there.
  private mutating func holdsArrays(_ value: PickleValue, depth: Int = 0) throws -> Bool {
    guard depth < 4 else { return false }
    if case .object(let number) = value { return try isModule(number) }
    guard let members = try members(value) else { return false }
    if members.contains(where: { isArray($0.value) }) { return true }
    for member in members where Self.keys.contains(member.name) {
      if try holdsArrays(member.value, depth: depth + 1) { return true }
    }
    return false
  }

  // MARK: whole modules

  /// The attributes of an object, as its class would have set them.
  private mutating func attributes(_ number: Int) throws -> [(name: String, value: PickleValue)] {
    let state = heap.objects[number].state
    // (dictionary, slots) or the dictionary alone.
    if case .tuple(let tuple) = state {
      return try heap.tuples[tuple].first.flatMap { try members($0) } ?? []
    }
    return try members(state) ?? []
  }

  private mutating func isModule(_ number: Int) throws -> Bool {
    try attributes(number).contains { $0.name == "_modules" || $0.name == "_parameters" }
  }

  /// A module saved as a whole: its class is not run; the arrays lie in its attributes.
  private mutating func takeModule(_ number: Int) throws {
    guard try isModule(number) else {
      throw Self.noWeights("holds an object of the class \(heap.objects[number].name.printable)")
    }
    wrappers.append("module \(heap.objects[number].name)")
    try takeModule(number, below: "", depth: 0)
    guard !arrays.isEmpty else { throw Self.noWeights("holds a module without parameters") }
  }

  private mutating func takeModule(_ number: Int, below prefix: String, depth: Int) throws {
    visits += 1
    guard depth < Self.depthLimit, visits <= Self.arrayLimit else {
      throw PickleProblem(
        depth < Self.depthLimit
          ? "it has more than \(Self.arrayLimit) modules, the limit"
          : "its modules are nested more than \(Self.depthLimit) deep, the limit")
    }
    let attributes = try attributes(number)
    for kind in ["_parameters", "_buffers"] {
      for member in try inner(kind, attributes) {
        if case .array(let array) = member.value { try add(prefix + member.name, array) }
      }
    }
    for member in try inner("_modules", attributes) {
      if case .object(let child) = member.value {
        try takeModule(child, below: prefix + member.name + ".", depth: depth + 1)
      }
    }
  }

  /// What an attribute holds, where it is a dictionary.
  private mutating func inner(
    _ name: String, _ attributes: [(name: String, value: PickleValue)]
  ) throws -> [(name: String, value: PickleValue)] {
    guard let attribute = attributes.first(where: { $0.name == name }) else { return [] }
    return try members(attribute.value) ?? []
  }

  // MARK: words

  private static func noWeights(_ found: String) -> PickleProblem {
    PickleProblem("it \(found), not a set of named arrays; save model.state_dict()")
  }

  private func noWeights(in names: [String]) -> PickleProblem {
    if heap.globals.contains(where: { $0.hasPrefix("numpy.") }) {
      return PickleProblem(
        "it holds NumPy arrays (\(names.listed(atMost: 4))), which are not read; in Python: "
          + "torch.save({name: torch.from_numpy(array) for name, array in DICTIONARY.items()}, \"weights.pth\")"
      )
    }
    guard Set(["state", "param_groups"]).isSubset(of: names) else {
      return Self.noWeights(
        names.isEmpty ? "holds an empty dictionary" : "holds a dictionary of \(names.listed())")
    }
    return PickleProblem(
      "it holds the state of an optimiser and no weights (the published POSTER++ code saves its best file so); "
        + "use the checkpoint that was saved beside it")
  }

  private static func words(for value: PickleValue) -> String {
    switch value {
    case .array: "a single tensor"
    case .list: "a list"
    case .tuple: "a tuple"
    case .storage: "a storage"
    case .global: "a class"
    default: "a plain value"
    }
  }
}
