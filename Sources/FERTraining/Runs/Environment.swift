import FERCore
import Foundation
import NeuralKit
import TensorKit
import Support

/// What a run ran on.
package struct Environment: Sendable {
  /// As the system names it.
  package var processor: String
  /// Cores this process may use.
  package var cores: Int
  /// Threads that compute.
  package var threads: Int
  /// Memory of the machine, in megabytes.
  package var memory: Int
  /// Kernel and distribution.
  package var system: String
  /// The kind of loops it ran.
  package var kernels: Kernels
  /// The matrix kernel OpenBLAS chose: "SkylakeX", "Haswell" ...
  package var kernel: String
  /// OpenBLAS's version and build options.
  package var openBLAS: String

  /// Of this process.
  package static var current: Environment {
    let information = ProcessInfo.processInfo
    return Environment(
      processor: Processor.current.model, cores: Parallel.availableCores, threads: Parallel.threadCount,
      memory: Int(information.physicalMemory / 1_000_000), system: information.operatingSystemVersionString,
      kernels: .chosen, kernel: BLASInfo.kernel, openBLAS: BLASInfo.configuration)
  }

  /// The largest memory this process has held so far, in megabytes.
  package static var peakMemory: Int? {
    SystemFile.field("VmHWM", in: SystemFile.text("/proc/self/status"))
      .flatMap { Int($0.split(separator: " ").first ?? "") }.map { $0 / 1000 }
  }

  /// Lets ``peakMemory`` begin anew; nothing where the system does not allow it.
  package static func forgetPeakMemory() {
    SystemFile.write("5", to: "/proc/self/clear_refs")
  }

  /// As a file's text, with what a run of this recipe was asked to run.
  func text(for recipe: Recipe) -> String { object(for: recipe).pretty() + "\n" }

  /// As the value of that file.
  /// - Parameter recipe: what is run; nil where only the machine is of interest.
  func object(for recipe: Recipe? = nil) -> JSONValue {
    var members: [String: JSONValue] = [
      "program": .string(Program.version), "command": .string(Program.command),
      "processor": .string(processor), "cores": .int(cores),
      "threads": .int(threads), "memoryMB": .int(memory), "system": .string(system),
      "kernels": .string(kernels.rawValue), "openBLASKernel": .string(kernel),
      "matrixProduct": .string(BLASInfo.hasOwnProduct ? "own" : "OpenBLAS"), "openBLAS": .string(openBLAS),
    ]
    if let recipe {
      members["seed"] = .string(String(recipe.seed))
      members["recipe"] = .string(recipe.path)
      members["modules"] = .texts(recipe.modules)
      members["changes"] = recipe.changes.map(JSONValue.texts) ?? .null
    }
    return .object(members)
  }
}

extension Recipe {
  /// How it differs from the file that it was read from, as `--set` and sweeps make it; nil where that file is no recipe
  /// by itself.
  fileprivate var changes: [String]? {
    (try? Recipe.load(path: path, needsWeights: false, registry: registry)).map {
      TrainingSession.differences(from: $0, to: self)
    }
  }
}
