import ARBEx
import Foundation
import TestSupport
import Testing

@testable import DlibFaces

@Suite("Faces by dlib")
struct DlibFacesTests {
  private let folder = TestFolder()

  @Test("it is known in every build; where it is not built in, one sentence says how to get it")
  func everywhere() throws {
    let entry = try #require(try Registry.builtins().faceDetectors["dlib"])
    let listed = arbex("plugins", "list").output
    if DlibFaces.isBuiltIn {
      #expect(throws: Never.self) { _ = try entry.make() }
      #expect(!listed.contains("not in this build"))
    } else {
      #expect { _ = try entry.make() } throws: {
        "\($0)".contains("make build FACES=1") && ExitCode.of($0) == 2
      }
      #expect(listed.contains("dlib") && listed.contains("not in this build: make build FACES=1"))
    }
    // Whatever the build, its options are read and checked.
    #expect(
      entry.prepared(.object(["treshold": .double(0)])).issues.map { "\($0)" }.first?.contains("threshold")
        == true)
    #expect(entry.prepared(.object(["upsample": .int(9)])).issues.count == 1)
  }

  @Test("a file of points that is none", .enabled(if: DlibFaces.isBuiltIn))
  func badPoints() throws {
    let entry = try #require(try Registry.builtins().faceDetectors["dlib"])
    for path in [folder / "absent", try folder.file([1, 2, 3])] {
      #expect { _ = try entry.make(.object(["points": .string(path)])) } throws: {
        "\($0)".contains("does not serve") && $0 is BuildIssue
      }
    }
  }
}
