/// Files that people take for weights, told by their first bytes.
enum ForeignFile {
  private static let kinds: [(start: [UInt8], sentence: String)] = [
    (
      Array("version https://git-lfs".utf8),
      "is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`"
    ),
    (Array("<".utf8), "is a web page or XML, not weights: the download went wrong; fetch it again"),
    ([0x89, 0x48, 0x44, 0x46], "is an HDF5 file (Keras, TensorFlow); " + remedy),
    (Array("GGUF".utf8), "is a GGUF file; " + remedy),
    ([0x1F, 0x8B], "is compressed with gzip; unpack it first"),
    ([0x42, 0x5A, 0x68], "is compressed with bzip2; unpack it first"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "is compressed with xz; unpack it first"),
    ([0x37, 0x7A, 0xBC, 0xAF], "is a 7z archive; unpack it first"),
    (Array("Rar!".utf8), "is a RAR archive; unpack it first"),
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "is one NumPy array, not a set of named weights"),
  ]
  private static let remedy = "only safetensors and PyTorch files are read"

  /// The sentence for a file that begins like this; nil where it may be weights.
  static func problem(_ start: [UInt8]) -> String? {
    if start.isEmpty { return "is empty" }
    if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
      return
        "is a tar archive; unpack it first, the weights are a file in it (PyTorch's .pth.tar files are no archives)"
    }
    return kinds.first { start.starts(with: $0.start) }?.sentence
  }
}
