import Foundation
import Support
import TensorKit

/// The embeddings `[N, D]` of all images that an evaluation looks at, in the order of its predictions, as a file that
/// `numpy.load` reads: 32-bit floats, little endian.
///
/// Format: NumPy Enhancement Proposal 1, version 1.0.
package final class EmbeddingFile {
  private let path: String
  private var pieces: [Tensor] = []

  /// - Throws: ``RunProblem`` where no file can be written there. Better told before the images are looked at.
  package init(_ path: String) throws {
    if let problem = FileSystem.folderProblem(of: path) { throw RunProblem.request(problem) }
    guard !FileSystem.isFolder(path) else {
      throw RunProblem.request("\(path.printable): is a folder; name the file to write")
    }
    self.path = path
  }

  /// Takes a batch's embeddings `[n, D]`.
  package func add(_ embeddings: Tensor) { pieces.append(embeddings.detached) }

  /// Writes all that were taken. The file is the whole old or the whole new one at every instant.
  package func write() throws {
    let count = pieces.reduce(0) { $0 + $1.shape[0] }
    let header = Self.header(rows: count, columns: pieces.first?.shape[1] ?? 0)
    try AtomicFile.write(to: path) { sink in
      try sink.write(header)
      for piece in pieces { try piece.withValues { try sink.write(UnsafeRawBufferPointer($0)) } }
    }
  }

  /// Signature, version, length and dictionary, filled up with blanks so that the numbers begin at a multiple of 64.
  static func header(rows: Int, columns: Int) -> [UInt8] {
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
    text += "\n"
    let length = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
