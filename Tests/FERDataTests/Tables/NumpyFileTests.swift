import FERCore
@testable import FERData
import Foundation
import Testing

@Suite("NumPy files")
struct NumpyFileTests {
  private struct Written: Decodable {
    let name: String
    let file: Data
    var number: Int?
  }

  @Test("whole numbers come out of what NumPy wrote, and nothing out of what is none")
  func numbers() throws {
    for example in try datasetFixture("numpy.json", as: [Written].self) {
      #expect(try NumpyFile([UInt8](example.file)).wholeNumber == example.number, "\(example.name)")
    }
  }

  @Test("objects, records and types that no label has are refused")
  func refused() throws {
    let sentences = [
      "objects": "is an array of Python objects", "records": "is an array of records",
      "beyond 64 bits": "holds a number beyond 64 bits",
      "complex": "is of the type", "dates": "is of the type",
      "Fortran's order": "is stored in Fortran's order",
      "half": "is of the type",
    ]
    for example in try datasetFixture("numpy-refused.json", as: [Written].self) {
      let text = problem { try NumpyFile([UInt8](example.file)) }
      #expect(text.contains(try #require(sentences[example.name])), "\(example.name): \(text)")
    }
  }

  @Test("a file cut anywhere, or longer than its header says, is refused; a flipped byte never does harm")
  func damaged() throws {
    let whole = Layout.textArray("3")
    #expect(try NumpyFile(whole).wholeNumber == 3)
    for length in 0..<whole.count {
      #expect(throws: NumpyFile.Problem.self) { try NumpyFile(Array(whole.prefix(length))) }
    }
    #expect(problem { try NumpyFile(whole + [0]) }.contains("holds 5 bytes of data, its header asks for 4"))
    for place in whole.indices {
      for bit in 0..<8 {
        var bytes = whole
        bytes[place] ^= 1 << UInt8(bit)
        _ = try? NumpyFile(bytes)
      }
    }
  }

  @Test(
    "headers that lie or are no dictionary",
    arguments: [
      "{'descr': '<i8', 'fortran_order': False, 'shape': (9223372036854775807, 9), }",
      "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<i8', 'fortran_order': False, 'shape': 3, }",
      "{'descr': '<i8', 'fortran_order': False, }", "{'descr': '<i8', 'fortran_order': Maybe, 'shape': (), }",
      "{'descr': '<i8', 'descr': '<i8', 'fortran_order': False, 'shape': (), }",
      "{'descr': '<U99999', 'fortran_order': False, 'shape': (), }",
      "{'descr': '<i8', 'fortran_order': False, 'shape': (), 'more': 1}", "__import__('os')", "{", "",
      "{'descr'", "{'descr': '",
      "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000,), }",
      "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
    ])
  func headers(_ header: String) {
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
    #expect(throws: NumpyFile.Problem.self) { try NumpyFile(bytes) }
  }
}
