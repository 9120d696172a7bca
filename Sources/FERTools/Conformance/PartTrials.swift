import FERCore
import NeuralKit
import Support
import TensorKit

// How the parts of a model are tried, from the image on.
extension ConformanceKit {
  static func trial(
    _ subject: Subject<any Backbone>, _ setting: Setting, _ evidence: Evidence
  ) -> Trial<any Backbone> {
    Trial(
      subject: subject, context: setting.context(), inputs: [setting.images], evidence: evidence,
      run: { part, inputs, _, pass in Trial.Delivery(part.features(of: inputs[0], pass)) },
      declared: { $2.expect(levels: $0.levels, $1.values) })
  }

  static func trial(
    _ subject: Subject<any LandmarkExtractor>, _ setting: Setting, _ evidence: Evidence
  ) -> Trial<any LandmarkExtractor> {
    Trial(
      subject: subject, context: setting.context(), inputs: [setting.images], evidence: evidence,
      run: { part, inputs, _, pass in Trial.Delivery(part.landmarks(of: inputs[0], pass)) },
      declared: { $2.expect(levels: $0.levels, $1.values) })
  }

  /// With landmarks and without, where it can do either; with two views besides, where it folds them.
  /// - Throws: what its `init` throws where it can do neither.
  static func trials(
    _ subject: Subject<any Encoder>, _ setting: Setting, _ evidence: Evidence
  ) throws -> [Trial<any Encoder>] {
    let alone = trial(subject, setting, evidence, hasLandmarks: false, views: 1)
    let both = trial(subject, setting, evidence, hasLandmarks: true, views: 1)
    let possible = [alone, both].filter { (try? $0.build(seed: 1)) != nil }
    guard type(of: try (possible.first ?? both).build(seed: 1).part).foldsViews else { return possible }
    let single = possible.map { trial in
      var trial = trial
      trial.hasGradients = false
      return trial
    }
    return single
      + possible.map {
        trial(subject, setting, evidence, hasLandmarks: !$0.context.landmarkLevels.isEmpty, views: 2)
      }
  }

  private static func trial(
    _ subject: Subject<any Encoder>, _ setting: Setting, _ evidence: Evidence, hasLandmarks: Bool, views: Int
  ) -> Trial<any Encoder> {
    func pyramid(_ name: String, _ levels: [PyramidLevel]) -> [Tensor] {
      levels.enumerated().map {
        SeededNumbers.tensor("\(name) \($0)", [rowCount * views, $1.height, $1.width, $1.channels])
      }
    }
    var context = setting.context(views: views)
    context.imageLevels = setting.imageLevels
    context.landmarkLevels = hasLandmarks ? setting.landmarkLevels : []
    let levels = context.imageLevels.count
    // What stages before it provide is of images.
    let ofImages = evidence.reduce(into: Evidence()) { all, item in
      all[item.key] =
        item.key.layout == .shared
        ? item.value : item.value.gathered(rows: (0..<rowCount * views).map { $0 / views })
    }
    return Trial(
      subject: subject, context: context,
      inputs: pyramid("image", context.imageLevels) + pyramid("landmarks", context.landmarkLevels),
      evidence: ofImages,
      run: { part, inputs, evidence, pass in
        let image = FeaturePyramid(levels: Array(inputs.prefix(levels)), evidence: evidence)
        let landmarks = FeaturePyramid(levels: Array(inputs.dropFirst(levels)), evidence: evidence)
        let found = part.encode(image: image, landmarks: hasLandmarks ? landmarks : nil, pass)
        return Trial.Delivery(values: [found.embedding], evidence: found.evidence)
      },
      declared: { $2.expect($1.values[0], [rowCount, $0.embeddingSize], "the embedding") })
  }

  static func trial(_ subject: Subject<any Head>, _ evidence: Evidence) -> Trial<any Head> {
    Trial(
      subject: subject, context: embedded(evidence), inputs: [embedding], evidence: evidence,
      leakTolerance: 1e-6,
      run: { part, inputs, evidence, pass in
        let found = part.classify(Encoding(embedding: inputs[0], evidence: evidence), pass)
        return Trial.Delivery(values: [found.logits], evidence: found.evidence)
      },
      declared: { $2.expect($1.values[0], [rowCount, classCount], "the logits") })
  }

  static func trial(_ subject: Subject<any CorrectionTerm>, _ evidence: Evidence) -> Trial<any CorrectionTerm>
  {
    Trial(
      subject: subject, context: embedded(evidence),
      inputs: [embedding, SeededNumbers.distributions("distribution")], evidence: evidence,
      leakTolerance: 1e-6,
      run: { part, inputs, evidence, pass in
        let found = part.correct(
          Prediction(embedding: inputs[0], distribution: inputs[1], evidence: evidence), pass)
        return Trial.Delivery(values: [found.distribution], evidence: found.evidence)
      },
      declared: {
        $2.expect($1.values[0], [rowCount, classCount], "the distribution")
        $2.expect(distributions: $1.values[0].values, of: classCount)
      },
      hardInputs: [Float(0), 1e4].map {
        ("a certain head and an embedding of \($0)", [.full(embedding.shape, $0), certain])
      })
  }

  static var embedding: Tensor { SeededNumbers.tensor("embedding", [rowCount, embeddingSize]) }

  /// Row n has everything in class n.
  static var certain: Tensor {
    Tensor(
      [rowCount, classCount],
      (0..<rowCount).flatMap { row in (0..<classCount).map { $0 == row % classCount ? 1 : 0 } })
  }

  /// Behind an encoder.
  static func embedded(_ evidence: Evidence) -> BuildContext {
    var context = Setting().context(views: evidence.first { $0.key.layout == .views }?.value.shape[1] ?? 1)
    context.embedding = embeddingSize
    context.terms = ["term"]
    return context
  }
}

extension ConformanceKit.Setting {
  func context(views: Int = 1) -> BuildContext {
    BuildContext(
      scope: ParameterScope(), classes: (0..<ConformanceKit.classCount).map { "class\($0)" },
      inputSize: inputSize, views: ViewPlan(count: views, wholeFace: 0))
  }

  var images: Tensor { SeededNumbers.tensor("images", [ConformanceKit.rowCount, inputSize, inputSize, 3]) }

  /// With what components of the registry require, as its own parts deliver it with default options. An encoder that
  /// folds views does so with two.
  func completed(from registry: Registry) -> Self {
    var setting = self
    let needed = Set(registry.summaries.flatMap(\.requires))
    func add<Part>(
      from shelf: ComponentRegistry<Part>, _ trial: (Subject<Part>, Evidence) throws -> Trial<Part>?
    ) {
      for entry in shelf.all
      where entry.summary.provides.contains(where: { needed.contains($0) && setting.evidence[$0] == nil }) {
        let required = setting.evidence.filter { entry.summary.requires.contains($0.key) }
        let subject = Subject(entry: entry, resolver: registry.resolver)
        guard let found = try? trial(subject, required)?.delivered().evidence else { continue }
        setting.evidence.merge(found) { mine, _ in mine }
      }
    }
    add(from: registry.backbones) { ConformanceKit.trial($0, self, $1) }
    add(from: registry.landmarks) { ConformanceKit.trial($0, self, $1) }
    add(from: registry.encoders) { try ConformanceKit.trials($0, self, $1).last }
    add(from: registry.heads) { ConformanceKit.trial($0, $1) }
    add(from: registry.corrections) { ConformanceKit.trial($0, $1) }
    return setting
  }
}

extension Trial.Delivery {
  init(_ pyramid: FeaturePyramid) { self.init(values: pyramid.levels, evidence: pyramid.evidence) }
}

extension Findings {
  mutating func expect(_ tensor: Tensor, _ shape: [Int], _ what: String) {
    expect(tensor.shape == shape, .shapes, "\(what) has shape \(tensor.shape), declared is \(shape)")
  }

  mutating func expect(levels declared: [PyramidLevel], _ levels: [Tensor]) {
    let expected = declared.map { [ConformanceKit.rowCount, $0.height, $0.width, $0.channels] }
    let shapes = levels.map(\.shape)
    expect(shapes == expected, .shapes, "the levels have shapes \(shapes), declared are \(expected)")
  }

  /// Every row non-negative and summing to 1.
  mutating func expect(distributions values: [Float], of width: Int) {
    for row in 0..<(values.count / width) {
      let share = values[(row * width)..<((row + 1) * width)]
      let sum = share.reduce(0, +)
      expect(
        abs(sum - 1) <= 1e-5 && share.allSatisfy { $0 >= 0 }, .range,
        "row \(row) of the distribution is \(Array(share)), which sums to \(sum)")
    }
  }
}
