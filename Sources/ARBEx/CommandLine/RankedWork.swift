import FERTraining
import Foundation
import Ranks
import Support
import TensorKit

extension Invocation {
  /// Does the work of a verb together with the other processes that a launcher started, or alone.
  ///
  /// Rank 0 alone is heard. What goes wrong on one rank ends all of them, with its exit code; what all of them find, as a
  /// wrong recipe, is told once.
  /// - Throws: what `work` throws, where this process is by itself; else an error ends the process.
  func ranked(_ work: (Invocation, any Collective) throws -> Int32) throws -> Int32 {
    guard let ranks = try Ranks.joined() else { return try work(self, SingleProcess()) }
    let isFirst = ranks.collective.rank == 0
    do {
      let code = try work(isFirst ? self : silenced, ranks.collective)
      ranks.finish()
      return ExitCode.ofJob(code)
    } catch {
      // A fault between ranks says itself who tells it.
      let name = isFirst || error is CollectiveFault ? "" : "\(ranks.name): "
      let named = CommandOutput(print: output.print, remark: { [output] in output.remark(name + $0) })
      ranks.abort(ExitCode.of(error)) { _ = CommandLineTool.end(after: error, tool: tool, output: named) }
    }
  }

  /// The same, with nobody to tell of it.
  private var silenced: Invocation {
    var silent = self
    silent.output = CommandOutput(print: { _ in }, remark: { _ in })
    return silent
  }
}
