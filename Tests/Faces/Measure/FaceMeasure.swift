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

    /// Whether a find is of the face: its middle lies within a quarter of the face's side from the face's own, and its side is
    /// between half of the face's and one and a half.
    func isHit(_ find: DetectedFace) -> Bool {
      let (dx, dy, scale) = offset(of: find)
      return abs(dx) <= 0.25 && abs(dy) <= 0.25 && (0.5...1.5).contains(scale)
    }

    /// How far its middle lies from the face's, and how large it is, in sides of the face.
    func offset(of find: DetectedFace) -> (dx: Float, dy: Float, scale: Float) {
      let box = find.box
      return (
        (Float(box.left + box.right) / 2 - placed.x) / placed.side,
        (Float(box.top + box.bottom) / 2 - placed.y) / placed.side, Float(box.right - box.left) / placed.side
      )
    }

    /// The surest find of the face.
    var hit: DetectedFace? { found.first(where: isHit) }
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
          if let best = trials[index]?.hit {
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
    let hits = trials.compactMap { trial in trial.hit.map { (trial, $0) } }
    print("recall: \(percent(hits.count, trials.count)) (\(hits.count) of \(trials.count))")
    for (least, most) in [(80, 100), (100, 130), (130, 200), (200, 1000)] as [(Float, Float)] {
      let some = trials.filter { (least..<most).contains($0.placed.side) }
      print(
        "  sides from \(Int(least)) to below \(Int(most)): \(percent(some.count { $0.hit != nil }, some.count)) of \(some.count)"
      )
    }
    let others = trials.reduce(0) { sum, trial in sum + trial.found.count { !trial.isHit($0) } }
    print("finds elsewhere in the photographs with a face: \(others)")
    func overlaps(_ margin: Double) -> [Double] { hits.map { overlap($1, $0.placed, margin) } }
    print("overlap of what is cut out with what was put in: mean \(mean(overlaps(margin)))")
    let half = overlaps(margin).count { $0 >= 0.5 }
    print("  found with an overlap of at least a half: \(percent(half, trials.count)) of all")
    for step in 0...10 {
      let margin = Double(step) / 20
      print("  margin \(margin): mean \(mean(overlaps(margin)))")
    }
    let offsets = hits.map { $0.offset(of: $1) }
    print(
      "boxes, in sides of the face: middle \(mean(offsets.map { Double($0.dx) })) to the right and "
        + "\(mean(offsets.map { Double($0.dy) })) down, side \(mean(offsets.map { Double($0.scale) }))")
    // Faces lean in their own pictures already: how much of what was added is found again is the slope of a line.
    let angles = hits.filter { !$1.points.isEmpty }.map { trial, find in
      (Double(trial.placed.degrees), Double(FaceCut(margin: margin).angle(of: find)))
    }
    let squares = angles.reduce(0) { $0 + $1.0 * $1.0 }
    let slope = angles.reduce(0) { $0 + $1.0 * $1.1 } / max(squares, 1)
    print(
      "angle: \(slope.rounded(places: 2)) of the turn is found again, mean difference "
        + "\(mean(angles.map { abs($0.0 - $0.1) })) degrees with the leaning that the faces had before")
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
