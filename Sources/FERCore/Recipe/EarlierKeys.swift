import Support

/// Keys of earlier versions in today's words, so that the runs of that time, which hold every key, can still be read.
enum EarlierKeys {
  /// A file's values with `training.microBatch`, the images that went through the network at once (0: all of a batch),
  /// as `training.accumulate`, into how many pieces that cut a batch. Where the file does not say how large a batch is, a
  /// number other than 0 stays, and is refused as any unknown key is.
  static func translated(_ tree: SourcedValue) -> SourcedValue {
    guard case .object(var keys) = tree.content, let training = keys["training"],
      case .object(var options) = training.content, let old = options["microBatch"],
      case .int(let size) = old.value, size >= 0
    else { return tree }
    var pieces = 1
    if size > 0 {
      guard case .int(let batch)? = options["batch"]?.value, (1...65536).contains(batch) else { return tree }
      while pieces < batch, pieces < (batch - 1) / size + 1 { pieces *= 2 }
    }
    options["microBatch"] = nil
    let shards = max(4, pieces)
    for (key, number, usual) in [("accumulate", pieces, 1), ("shards", shards, 4)] where number != usual {
      options[key] = SourcedValue(origin: old.origin, content: .scalar(.int(number)))
    }
    keys["training"] = SourcedValue(origin: training.origin, content: .object(options))
    return SourcedValue(origin: tree.origin, content: .object(keys))
  }
}
