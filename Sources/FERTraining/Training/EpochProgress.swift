import FERData
import Support

/// How fast an epoch goes, and when it and the whole training will end.
final class EpochProgress {
  private let epoch: Int
  private let epochs: Int
  private let first: Int
  private let request: BatchRequest
  private let console: Console
  private let start = Clock.seconds
  private var done: Int

  /// - Parameter done: batches that were done before an interruption.
  init(epoch: Int, epochs: Int, done: Int, request: BatchRequest, console: Console) {
    (self.epoch, self.epochs, first, self.console) = (epoch, epochs, done, console)
    self.request = request
    self.done = done
  }

  private var rate: Double { Double(images(done) - images(first)) / max(Clock.seconds - start, 1e-9) }

  /// Images in the first few batches.
  private func images(_ batches: Int) -> Int { min(batches * request.batchSize, request.order.count) }

  /// Shows the state after some batches.
  func show(done: Int, sums: EpochSums) {
    self.done = done
    let total = request.order.count
    console.progress("epoch \(epoch + 1)/\(epochs)", share: Double(images(done)) / Double(max(1, total))) {
      let rest = Double(total - images(done)) / rate
      let all = rest + Double(epochs - epoch - 1) * Double(total) / rate
      let loss = sums.loss / Double(max(1, sums.images))
      return "\(rate.rounded(places: rate < 10 ? 1 : 0)) images/s  loss \(loss.rounded(places: 4))  "
        + "epoch \(Clock.text(rest)) left, all \(Clock.text(all)) left"
    }
  }

  /// A line for timings.jsonl, of the part of the epoch since it began or was resumed.
  func timing(step: Int) -> OrderedObject {
    var timing = RunLog.timing("epoch", step: step)
    timing.add("epoch", epoch + 1)
    timing.add("seconds", Clock.seconds - start)
    timing.add("imagesPerSecond", done > first ? rate : nil)
    return timing
  }
}
