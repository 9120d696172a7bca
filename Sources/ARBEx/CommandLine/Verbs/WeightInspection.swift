import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support

/// All that can be told of a weight file without a recipe.
struct WeightInspection {
  private let file: WeightFile
  private let fits: [WeightFit]
  private let warnings: [String]

  /// Names by which a file would make Python do something when it loads it.
  private static let dangers = [
    "os.", "posix.", "nt.", "subprocess.", "sys.", "shutil.", "socket.", "runpy.", "importlib.", "pty.",
    "webbrowser.", "builtins.eval", "builtins.exec", "builtins.compile", "builtins.getattr", "builtins.open",
    "builtins.__import__", "builtins.apply", "builtins.execfile", "operator.", "types.", "code.", "timeit.",
    "pdb.", "functools.partial",
  ]

  init(_ path: String, registry: Registry) throws {
    file = try WeightFile(intact: path)
    fits = try registry.fits(of: file)
    let dangerous = file.skipped.filter { name in Self.dangers.contains { name.hasPrefix($0) } }
    let danger =
      dangerous.isEmpty
      ? []
      : ["names \(dangerous.listed()): loading it in Python may run a program; here nothing of it was run"]
    warnings = danger + (try file.numberWarnings())
  }

  private var counts: [Int] { file.names.map { file.shape(of: $0)?.elementCount ?? 0 } }

  private var source: String? { file.metadata["source"]?.printable }

  private var classes: String? { file.metadata["classes"] }

  var text: String {
    var lines = [
      "\(file.path.printable): \(file.format.rawValue), \(file.length) bytes, \(file.names.count) arrays, "
        + "\(counts.reduce(0, +)) numbers"
    ]
    let lists = [
      ("unwrapped", file.wrappers), ("beside the weights, not read", file.besides),
      ("classes and functions named in it, skipped, never run", file.skipped),
    ]
    for (title, names) in lists where !names.isEmpty {
      lines.append("  \(title): \(names.listed(atMost: 12))")
    }
    lines += file.hasDigest ? ["  SHA-256: agrees"] : []
    if let classes { lines.append("  classes: \(classes.printable)") }
    let isOwn = file.metadata["recipe"] != nil
    if isOwn {
      lines.append("  a model file of this program" + (source.map { ", imported from \($0)" } ?? ""))
    }
    lines += fits.isEmpty && !isOwn ? ["  fits no published map as a whole"] : fits.map(Self.words)
    lines += warnings.map { "  warning: \($0)" }
    let rows = zip(file.names, counts).map { name, count in
      [name.printable, file.type(of: name)?.rawValue ?? "", "\(file.shape(of: name) ?? [])", "\(count)"]
    }
    return lines.joined(separator: "\n") + "\n"
      + TextTable.text([["name", "type", "shape", "numbers"]] + rows, indent: 2)
  }

  private static func words(_ fit: WeightFit) -> String {
    let parts = fit.parts.map { part in
      (fit.parts.count > 1 ? "\(part.path) " : "") + "\(part.used) of \(part.count)"
        + (part.mismatched.isEmpty ? "" : " (\(part.mismatched.count) of another shape)")
    }
    let classes = fit.classCount.map { count in
      ", \(count) classes"
        + (fit.orders.isEmpty ? "" : " (\(fit.orders.map(\.word).joined(separator: " or ")))")
    }
    return "  fits \(fit.word), \(fit.name): \(parts.joined(separator: ", "))\(classes ?? "")"
  }

  var json: JSONValue {
    let arrays = zip(file.names, counts).map { name, count in
      JSONValue.object([
        "name": .string(name), "type": .string(file.type(of: name)?.rawValue ?? ""),
        "shape": .array((file.shape(of: name) ?? []).map(JSONValue.int)), "count": .int(count),
      ])
    }
    let maps = fits.map { fit in
      JSONValue.object([
        "map": .string(fit.word), "name": .string(fit.name), "used": .int(fit.used),
        "arrays": .int(fit.count),
        "classes": fit.classCount.map(JSONValue.int) ?? .null, "orders": .texts(fit.orders.map(\.word)),
        "parts": .array(
          fit.parts.map { part in
            .object([
              "part": .string(part.path), "used": .int(part.used), "arrays": .int(part.count),
              "otherShape": .texts(part.mismatched),
            ])
          }),
      ])
    }
    return .object([
      "file": .string(file.path), "format": .string(file.format.rawValue), "bytes": .int(file.length),
      "arrays": .array(arrays), "numbers": .int(counts.reduce(0, +)), "wrappers": .texts(file.wrappers),
      "besides": .texts(file.besides), "skippedClasses": .texts(file.skipped), "maps": .array(maps),
      "metadata": .object(file.metadata.mapValues(JSONValue.string)), "warnings": .texts(warnings),
    ])
  }
}
