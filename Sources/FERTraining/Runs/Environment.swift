import FERCore
import Foundation
import NeuralKit
import TensorKit
import Support

/// What a run ran on.
public struct Environment: Sendable {
  /// As the system names it.
  public var processor: String
  /// Cores this process may use.
  public var cores: Int
  /// Threads that compute.
  public var threads: Int
  /// Memory of the machine, in megabytes.
  public var memory: Int
  /// Kernel and distribution.
  public var system: String
  /// The kind of loops it ran.
  public var kernels: Kernels
  /// The matrix kernel OpenBLAS chose: "SkylakeX", "Haswell" ...
  public var kernel: String
  /// OpenBLAS's version and build options.
  public var openBLAS: String

  /// Of this process.
  public static var current: Environment {
    let information = ProcessInfo.processInfo
    return Environment(
      processor: field("model name", in: "/proc/cpuinfo") ?? "unknown", cores: Parallel.availableCores,
      threads: Parallel.threadCount, memory: Int(information.physicalMemory / 1_000_000),
      system: information.operatingSystemVersionString, kernels: .chosen, kernel: BLASInfo.kernel,
      openBLAS: BLASInfo.configuration)
  }

  /// The largest memory this process has held so far, in megabytes.
  public static var peakMemory: Int? {
    field("VmHWM", in: "/proc/self/status").flatMap { Int($0.split(separator: " ").first ?? "") }.map {
      $0 / 1000
    }
  }

  /// As a file's text.
  func text(seed: UInt64) -> String {
    JSONValue.object([
      "processor": .string(processor), "cores": .int(cores), "threads": .int(threads),
      "memoryMB": .int(memory),
      "system": .string(system), "kernels": .string(kernels.rawValue), "openBLASKernel": .string(kernel),
      "matrixProduct": .string(BLASInfo.hasOwnProduct ? "own" : "OpenBLAS"), "openBLAS": .string(openBLAS),
      "seed": .string(String(seed)),
    ]).pretty() + "\n"
  }

  private static func field(_ name: String, in file: String) -> String? {
    // These files have no size, and Foundation's readers of whole files stop after the first page.
    guard let data = try? FileHandle(forReadingAtPath: file)?.readToEnd() else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
