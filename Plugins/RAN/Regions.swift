import FERCore
import NeuralKit
import TensorKit

/// Parts of the face, and last the face as a whole.
///
///     box = int(share · side), side by side: left and right of the width, top and bottom of the height
///
/// Source: Wang et al. 2020, Region Attention Networks for Pose and Occlusion Robust Facial Expression Recognition (RAN),
/// arXiv:1905.04075, fixed position cropping and random cropping; `affectnet` are the shares of the authors' code for
/// AffectNet.
final class Regions: Views {
  /// Where the parts lie.
  enum Crops: String, OptionChoice { case fixed, affectnet, random }

  struct Options: ComponentOptions {
    @Option(
      "\"fixed\": the paper's, three parts of 3/4 and two from the middle; \"affectnet\": the seven of the authors' code "
        + "for AffectNet; \"random\": parts of the image's shape anywhere, new for every image and epoch in training."
    ) var crops = Crops.fixed
    @Option("How many parts beside the whole face. 0: all fixed ones, 5 random ones.", 0...255) var count = 0
    @Option("Smallest side of a random part, as a share of the image's.", above: 0) var scaleMin: Float = 0.7
    @Option("Largest side of a random part, as a share of the image's.", above: 0) var scaleMax: Float = 0.95

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      let most = crops.shares.count
      if crops != .random, count > most {
        issues.append(
          OptionIssue("count", "must be at most \(most), the parts that \(crops.rawValue) has, is \(count)"))
      }
      if scaleMax > 1 { issues.append(OptionIssue("scaleMax", "must be at most 1, is \(scaleMax)")) }
      if scaleMin > scaleMax {
        issues.append(OptionIssue("scaleMin", "must be at most scaleMax \(scaleMax), is \(scaleMin)"))
      }
      return issues
    }
  }

  let plan: ViewPlan
  private let options: Options

  init(_ options: Options) {
    self.options = options
    let all = options.crops == .random ? 5 : options.crops.shares.count
    let count = options.count == 0 ? all : options.count
    plan = ViewPlan(count: count + 1, wholeFace: count)
  }

  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
    let count = plan.count - 1
    let whole = Box(left: 0, top: 0, right: width, bottom: height)
    guard options.crops == .random else {
      return options.crops.shares.prefix(count).map {
        Box(left: $0.left, top: $0.top, right: $0.right, bottom: $0.bottom, ofWidth: width, height: height)
      } + [whole]
    }
    var random = random
    return (0..<count).map { _ in
      let scale = options.scaleMin + (options.scaleMax - options.scaleMin) * random.uniform()
      let sides = [width, height].map { max(1, Int(scale * Float($0))) }
      let (left, top) = (random.below(width - sides[0] + 1), random.below(height - sides[1] + 1))
      return Box(left: left, top: top, right: left + sides[0], bottom: top + sides[1])
    } + [whole]
  }
}

extension Regions.Crops {
  /// A part as shares of the width and of the height.
  typealias Share = (left: Double, top: Double, right: Double, bottom: Double)

  /// The parts of a fixed kind, in the order in which the network sees them.
  var shares: [Share] {
    switch self {
    case .fixed:
      [
        (0, 0, 0.75, 0.75), (0.25, 0, 1, 0.75), (0.125, 0.25, 0.875, 1), (0.05, 0.05, 0.95, 0.95),
        (0.075, 0.075, 0.925, 0.925),
      ]
    case .affectnet:
      [
        (0.125, 0.25, 0.875, 1), (0, 0, 0.75, 0.75), (0.25, 0, 1, 0.75), (0.05, 0.05, 0.95, 0.95),
        (0.1, 0.1, 0.9, 0.9), (0.125, 0.125, 0.875, 0.875), (0.125, 0, 0.875, 0.75),
      ]
    case .random: []
    }
  }
}
