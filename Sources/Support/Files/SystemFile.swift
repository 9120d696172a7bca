import Foundation

/// Files that the kernel makes up as they are read. They have no size, and Foundation's readers of whole files
/// stop after the first page.
package enum SystemFile {
  /// The file's text; "" where there is none.
  package static func text(_ path: String) -> String {
    let descriptor = Descriptor.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var (bytes, failure) = ([UInt8](), Int32(0))
    while true {
      let more = Descriptor.read(descriptor, atMost: 1 << 16, failure: &failure)
      if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += more
    }
  }

  /// Tells the kernel a word; nothing where it does not listen.
  package static func write(_ text: String, to path: String) {
    let descriptor = Descriptor.open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = Descriptor.write(text, to: descriptor)
    close(descriptor)
  }

  /// What the first line `name: value` of such a text says; nil where there is none.
  package static func field(_ name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") {
      let halves = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      if halves.count == 2, halves[0] == name { return halves[1] }
    }
    return nil
  }
}

/// What Linux says of the CPU.
package struct Processor {
  /// Its maker's name for it; "unknown" where Linux does not tell.
  package let model: String
  /// The kernel's words for its abilities: "avx2", "avx512f" ...
  package let features: Set<String>

  /// Reads the text of `/proc/cpuinfo`.
  package init(cpuinfo: String) {
    model = SystemFile.field("model name", in: cpuinfo) ?? "unknown"
    features = Set((SystemFile.field("flags", in: cpuinfo) ?? "").split(separator: " ").map(String.init))
  }

  /// The CPU that this process runs on.
  package static var current: Processor { Processor(cpuinfo: SystemFile.text("/proc/cpuinfo")) }
}
