import NeuralKit

/// The names in checkpoints of POSTER++'s relative in the ARBEx repository.
enum EarlierNames {
  /// The official repository of ARBEx (takihasan/ARBEx): POSTER++ under other names, without its head. Its classifier
  /// and anchors are files of their own.
  static let arbex: WeightNaming = {
    var naming = WeightNaming("ARBEx repository's checkpoint") { arbexName(ofKey: $0) }
    naming.word = "arbex"
    naming.parts = [
      .init("backbone", "ir50", prefix: "ir."), .init("landmarks", "mobilefacenet", prefix: "landmark."),
      .init("encoder", "wmcsa-vit"),
    ]
    naming.orders = [
      .init(
        "aff-wild2", ["neutral", "anger", "disgust", "fear", "happiness", "sadness", "surprise", "other"])
    ]
    return naming
  }()

  /// A name that no model has, for a key that is not of such files.
  private static func unknown(_ key: String) -> String { KeyBeginnings.nowhere + key }

  /// The encoder's names; nil for layers that never run.
  private static func arbexName(ofKey key: String) -> String? {
    let steps = WeightNaming.steps(of: key)
    let rest = steps.dropFirst(2).joined(separator: ".")
    if steps[0] == "conv" { return "encoder.last_face_" + key }
    if steps[0] == "vit" {
      let name = "VIT" + key.dropFirst("vit".count)
      return POSTERNames.modelName(ofKey: name)
    }
    guard steps.count > 2, let level = Int(steps[1]), (0..<3).contains(level) else { return unknown(key) }
    let number = level + 1
    switch steps[0] {
    case "convs": return "encoder.conv\(number).\(rest)"
    case "window_module": return "encoder.window\(number).\(rest)"
    case "attns": return attention(number, steps[2], steps.dropFirst(3).joined(separator: "."))
    case "ffns": return feedForward(number, rest)
    case "embs": return embedding(level, rest)
    default: return unknown(key)
    }
  }

  private static func attention(_ number: Int, _ part: String, _ rest: String) -> String? {
    switch part {
    case "index_relative": nil
    case "table": "encoder.attn\(number).relative_position_bias_table"
    case "linear": "encoder.attn\(number).proj.\(rest)"
    default: "encoder.attn\(number).\(part).\(rest)"
    }
  }

  private static func feedForward(_ number: Int, _ rest: String) -> String {
    let renamed = [("gamma_", "gamma"), ("mlp.0.", "mlp.fc1."), ("mlp.3.", "mlp.fc2.")]
      .first { rest.hasPrefix($0.0) }.map { $0.1 + rest.dropFirst($0.0.count) }
    return "encoder.ffn\(number).\(renamed ?? rest)"
  }

  private static func embedding(_ level: Int, _ rest: String) -> String {
    let isBare = level == 1 && !rest.hasPrefix("0.")
    return "encoder.embed_\(["q", "k", "v"][level]).\(isBare ? "0." : "")\(rest)"
  }
}
