import Foundation
import TestSupport
import Testing

@testable import NeuralKit
import Support

/// More than two thousand weight files, each damaged or made to harm: read or refused, soon, and never run.
@Suite("Hostile weight files", .serialized)
struct HostileWeightTests {
  /// Seconds of the processor that reading one of them may take.
  private static let secondsLimit = 2.0

  /// With `ARBEX_HOSTILE_FOLDER` set the files are also written there, for `arbex weights inspect`.
  @Test("each is read or refused with a sentence that names it, in time and within bounds")
  func corpus() throws {
    let folder = TestFolder()
    let corpus = HostileWeights(marker: folder / "executed")
    #expect(corpus.files.count >= 2000)
    if let place = ProcessInfo.processInfo.environment["ARBEX_HOSTILE_FOLDER"] {
      for file in corpus.files {
        try Data(file.bytes).write(to: URL(fileURLWithPath: "\(place)/\(file.name)"))
      }
    }
    var (read, slowest) = (0, (seconds: 0.0, name: ""))
    for file in corpus.files {
      let path = folder / file.name
      try Data(file.bytes).write(to: URL(fileURLWithPath: path))
      defer { unlink(path) }
      let start = processorSeconds()
      let problem = problem(with: path)
      let seconds = processorSeconds() - start
      if seconds > slowest.seconds { slowest = (seconds, file.name) }
      #expect(seconds < Self.secondsLimit, "\(file.name)")
      if let problem {
        #expect(problem is FileProblem && "\(problem)".hasPrefix(path), "\(file.name): \(problem)")
      } else {
        read += 1
        #expect(!file.mustBeRefused, "\(file.name) was read")
      }
    }
    #expect(read > 100, "calls that are skipped do no harm, and damage may miss what counts")
    #expect(!FileManager.default.fileExists(atPath: folder / "executed"))
    print("hostile weights: \(corpus.files.count) files, \(read) read, slowest \(slowest)")
  }

  @Test("the sound files, of which the others were made, are read")
  func sound() throws {
    let folder = TestFolder()
    for (name, bytes) in HostileWeights.sound {
      let path = try folder.file(bytes)
      #expect(problem(with: path) == nil, "\(name)")
    }
  }

  /// Everything that inspecting and importing would do with the file.
  private func problem(with path: String) -> (any Error)? {
    do {
      let file = try WeightFile(path)
      try file.verifyDigest()
      _ = try file.numberWarnings()
      for name in file.names { _ = try file.tensor(name) }
      return nil
    } catch {
      return error
    }
  }

  /// What this thread has used, so that other tests beside it do not count.
  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
