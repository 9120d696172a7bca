import Foundation
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("Embeddings as a .npy file")
struct EmbeddingFileTests {
  /// What `numpy.save` writes of the same array, byte for byte but for the blanks: a header of 128 bytes in all that ends with
  /// a line feed, then 1.0, -2.0 ... as 32-bit floats, little endian.
  @Test("batches one after another, by plain bytes")
  func bytes() throws {
    let folder = TestFolder()
    let file = try EmbeddingFile(folder / "e.npy")
    file.add(Tensor([2, 2], [1, -2, 0.5, 3]))
    file.add(Tensor([1, 2], [0, -0.0]))
    try file.write()
    let bytes = try [UInt8](Data(contentsOf: folder.url("e.npy")))
    #expect(bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0]))
    let header = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(
      header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }  ")
        && header.hasSuffix(" \n"))
    #expect(
      Array(bytes[128...]) == [
        0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F, 0, 0, 0x40, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x80,
      ])
  }

  @Test("the numbers begin at a multiple of 64, whatever the size", arguments: [0, 7, 123_456_789, 1 << 40])
  func aligned(rows: Int) {
    let header = EmbeddingFile.header(rows: rows, columns: 512)
    #expect(
      header.count % 64 == 0 && header.last == 10
        && Int(header[8]) + 256 * Int(header[9]) + 10 == header.count)
  }

  @Test("where no file can be written is told at once")
  func wrong() throws {
    let folder = TestFolder()
    #expect(
      throws: RunProblem.request("\(folder / "none/e.npy"): there is no folder \(folder / "none")")
    ) {
      try EmbeddingFile(folder / "none/e.npy")
    }
    #expect(throws: RunProblem.self) { try EmbeddingFile(folder.path) }
  }
}
