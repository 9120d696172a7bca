import ARBEx
import Foundation

/// How well faces are found: `FaceMeasure FACES [RUN] [KEY=VALUE ...]`, with FACES a folder of class folders of faces, RUN a
/// model of the same classes, and options of the detector beside `margin` and `count`.
@main
enum FaceMeasure {
  /// One face in one photograph, and what was found of it.
  private struct Trial {
    let placed: PlacedFace
    let found: [DetectedFace]
  }

  static func main() throws {
    var (words, options) = ([String](), [String: JSONValue]())
    var (count, margin) = (500, FaceOptions().margin)
    for word in CommandLine.arguments.dropFirst() {
      let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
      switch halves.first {
      case "count" where halves.count == 2: count = Int(halves[1]) ?? count
      case "margin" where halves.count == 2: margin = Double(halves[1]) ?? margin
      case let key? where halves.count == 2: options[key] = (try? JSON5Parser.parse(halves[1]))?.value
      default: words.append(word)
      }
    }
    guard let folder = words.first else { return print("FaceMeasure FACES [RUN] [KEY=VALUE ...]") }
    let registry = try Registry.builtins()
    guard let entry = registry.faceDetectors["dlib"] else { return print("no detector") }
    let detector = try entry.make(.object(options))
    let faces = try Faces(folder, registry, count: count)

    // The photographs and what is found in them, in an order that no number of threads changes.
    var trials = [Trial?](repeating: nil, count: faces.order.count)
    var cuts = [Image?](repeating: nil, count: faces.order.count)
    let start = Clock.seconds
    trials.withUnsafeMutableBufferPointer { trials in
      cuts.withUnsafeMutableBufferPointer { cuts in
        Parallel.forEach(trials.count) { index in
          guard let face = try? faces.image(index) else { return }
          let (photograph, placed) = made(index, face)
          let found = (try? detector.faces(in: photograph)) ?? []
          trials[index] = Trial(placed: placed, found: found)
          let best = found.max { overlap($0, placed, margin) < overlap($1, placed, margin) }
          if let best, overlap(best, placed, margin) >= 0.5 {
            cuts[index] = FaceCut(margin: margin).image(of: best, in: photograph)
          }
        }
      }
    }
    let all = trials.compactMap { $0 }
    var empty = [Int](repeating: 0, count: 100)
    empty.withUnsafeMutableBufferPointer { empty in
      Parallel.forEach(100) { index in
        var random = RandomSource(seed: 17, stream: "empty photographs", sample: UInt64(index))
        empty[index] = ((try? detector.faces(in: Photographs.background(random: &random))) ?? []).count
      }
    }
    print("detector: dlib \(JSONValue.object(options).oneLine), margin \(margin)")
    print(
      "photographs: \(all.count) with a face of 80 pixels and more, 100 without; \(Int(Clock.seconds - start)) s"
    )
    report(all, margin)
    print("false finds in 100 photographs without a face: \(empty.reduce(0, +))")
    guard words.count > 1 else { return }
    try accuracy(run: words[1], registry, faces, cuts)
  }

  /// The photograph of that number.
  private static func made(_ index: Int, _ face: Image) -> (Image, PlacedFace) {
    var random = RandomSource(seed: 17, stream: "photographs", sample: UInt64(index))
    var photograph = Photographs.background(random: &random)
    let placed = Photographs.put(face, into: &photograph, random: &random)
    return (photograph, placed)
  }

  /// The square that would be cut out and the one that was put in, both upright: what they share of what they cover.
  private static func overlap(_ face: DetectedFace, _ placed: PlacedFace, _ margin: Double) -> Double {
    let square = FaceCut(margin: margin).square(of: face)
    let (left, top) = (Double(placed.x - placed.side / 2), Double(placed.y - placed.side / 2))
    let (right, bottom) = (left + Double(placed.side), top + Double(placed.side))
    let across = max(0, min(Double(square.right), right) - max(Double(square.left), left))
    let down = max(0, min(Double(square.bottom), bottom) - max(Double(square.top), top))
    let side = Double(square.right - square.left)
    return across * down / (side * side + Double(placed.side * placed.side) - across * down)
  }

  private static func report(_ trials: [Trial], _ margin: Double) {
    func best(_ trial: Trial, _ margin: Double) -> Double {
      trial.found.map { overlap($0, trial.placed, margin) }.max() ?? 0
    }
    let found = trials.filter { best($0, margin) >= 0.5 }
    print("recall: \(percent(found.count, trials.count)) (\(found.count) of \(trials.count))")
    for (least, most) in [(80, 100), (100, 130), (130, 200), (200, 1000)] as [(Float, Float)] {
      let some = trials.filter { (least..<most).contains($0.placed.side) }
      let hits = some.filter { best($0, margin) >= 0.5 }.count
      print("  sides from \(Int(least)) to below \(Int(most)): \(percent(hits, some.count)) of \(some.count)")
    }
    let others = trials.reduce(0) { sum, trial in
      sum + trial.found.count { overlap($0, trial.placed, margin) < 0.5 }
    }
    print("false finds beside the faces: \(others)")
    let overlaps = found.map { best($0, margin) }
    print(
      "overlap of what is cut out with what was put in: mean \(mean(overlaps)), worst \((overlaps.min() ?? 0).rounded(places: 3))"
    )
    for margin in stride(from: 0.0, through: 0.5, by: 0.05) {
      print("  margin \(margin.rounded(places: 2)): mean \(mean(found.map { best($0, margin) }))")
    }
    let angles = found.compactMap { trial -> Double? in
      guard
        let face = trial.found.max(by: {
          overlap($0, trial.placed, margin) < overlap($1, trial.placed, margin)
        }),
        !face.points.isEmpty
      else { return nil }
      return Double(abs(FaceCut(margin: margin).angle(of: face) - trial.placed.degrees))
    }
    print("angle: mean error \(mean(angles)) degrees, of faces that lean by up to 15")
    let scales = found.compactMap { trial -> Double? in
      trial.found.first.map { Double($0.box.right - $0.box.left) / Double(trial.placed.side) }
    }
    print("box side as a share of the face's: mean \(mean(scales))")
  }

  private static func accuracy(run: String, _ registry: Registry, _ faces: Faces, _ cuts: [Image?]) throws {
    let recipe = try Recipe.load(path: run + "/recipe.json5", needsWeights: false, registry: registry)
    let trained = try TrainedModel(recipe, weights: try TrainedModel.weights(ofRun: run))
    let (pipeline, evaluator) = (
      InputPipeline(trained.input, views: trained.recipe.views), Evaluator(trained.model, batchSize: 16)
    )
    func right(_ index: Int, _ image: Image) throws -> Bool {
      let values = try pipeline.evaluation(image, named: "face")
      let input = Tensor([pipeline.viewCount, pipeline.size, pipeline.size, 3], values)
      let row = try evaluator.predict(input, ids: ["face"])[0]
      return trained.recipe.classes[row.prediction] == faces.label(index)
    }
    var (uncut, cut, both, count) = (0, 0, 0, 0)
    for (index, image) in cuts.enumerated() {
      guard let image else { continue }
      let answers = (try right(index, try faces.image(index)), try right(index, image))
      count += 1
      uncut += answers.0 ? 1 : 0
      cut += answers.1 ? 1 : 0
      both += answers.0 == answers.1 ? 1 : 0
    }
    print(
      "accuracy on the \(count) faces that were found: uncut \(percent(uncut, count)), found and cut out \(percent(cut, count))"
    )
    print("  both right or both wrong: \(percent(both, count))")
  }

  private static func mean(_ values: [Double]) -> String {
    values.isEmpty ? "-" : (values.reduce(0, +) / Double(values.count)).rounded(places: 3)
  }

  private static func percent(_ part: Int, _ all: Int) -> String {
    all == 0 ? "-" : (100 * Double(part) / Double(all)).rounded(places: 1) + " %"
  }
}

/// Faces of class folders, some of them in random order.
struct Faces {
  let order: [Int]
  private let images: any LoadedDataset
  private let classes: [String]

  init(_ folder: String, _ registry: Registry, count: Int) throws {
    classes = try FolderListing.folders(in: folder)
    guard let entry = registry.datasets["class-folders"] else { throw DataProblem(folder, "cannot be read") }
    images = try entry.make(.object(["root": .string(folder)])).load(DataRequest(classes: classes))
    var random = RandomSource(seed: 17, stream: "faces")
    order = Array(random.shuffled(Array(images.samples.indices)).prefix(count))
  }

  func image(_ index: Int) throws -> Image { try images.image(at: order[index]) }
  func label(_ index: Int) -> String { classes[images.samples[order[index]].label] }
}
