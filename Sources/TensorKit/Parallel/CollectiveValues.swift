import Support

// What ranks tell each other beside rows of numbers.
extension Collective {
  /// The bytes of all ranks in their order, on every rank. Ranks may have different counts.
  /// - Throws: ``CollectiveFault``
  package func gathered(bytes: [UInt8]) throws -> [[UInt8]] {
    // Four at a time as the bits of a number, which nobody calculates with; the first tells how many there are.
    let count = bytes.count
    let rows = [Float](unsafeUninitializedCapacity: 1 + (count + 3) / 4) { rows, written in
      written = rows.count
      rows.initialize(repeating: 0)
      rows[0] = Float(bitPattern: UInt32(count))
      UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(rows)[4...]).copyBytes(
        from: bytes)
    }
    return try gathered(rows).map { rows in
      rows.withUnsafeBytes { Array($0.dropFirst(4).prefix(Int(rows[0].bitPattern))) }
    }
  }

  /// The values of all ranks in their order, on every rank. Ranks may have different counts; none costs nothing to say.
  /// - Throws: ``CollectiveFault``, or what encoding throws.
  package func gathered<Value: Codable>(values: [Value]) throws -> [[Value]] {
    guard size > 1 else { return [values] }
    return try gathered(bytes: values.isEmpty ? [] : Array(JSONValue.text(encoding: values).utf8)).map {
      $0.isEmpty ? [] : try Self.value(from: $0)
    }
  }

  /// What rank 0 finds out, on every rank; the others wait for as long as it takes, and do not do it.
  /// - Throws: what `body` throws, on rank 0; ``CollectiveFault``, or what encoding throws.
  package func decided<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    guard size > 1 else { return try body() }
    let own = rank == 0 ? try body() : nil
    try barrier()
    return try Self.value(from: broadcast(own.map { Array(try JSONValue.text(encoding: $0).utf8) } ?? []))
  }

  private static func value<Value: Decodable>(from bytes: [UInt8]) throws -> Value {
    guard let value = JSONValue.decoded(Value.self, from: String(decoding: bytes, as: UTF8.self)) else {
      throw CollectiveFault("a rank told something that is no \(Value.self); do all run the same program?")
    }
    return value
  }
}
