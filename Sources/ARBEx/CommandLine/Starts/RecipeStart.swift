import FERCore
import Support

/// The first recipe of one's own: a small ARBEx that is trained from nothing, with every part where one would change it.
struct RecipeStart {
  /// Also the name of the run's folder below `runs`.
  let name: String
  /// `classes` and `data`; nil for drawn faces, which need no files.
  let dataLines: String?
  /// The side of the model's input.
  let size: Int

  /// - Parameter dataLines: `classes` and `data`, as ``DataCheck/recipeLines`` has them.
  init(_ name: String, dataLines: String?, size: Int) {
    (self.name, self.dataLines, self.size) = (name, dataLines, size)
  }

  /// The recipe's file.
  var text: String {
    """
    // \(name): a small ARBEx, trained from nothing\(dataLines == nil ? " on drawn faces" : "").
    //   \(Program.command) recipe check \(name).json5    finds mistakes before any image is read
    //   \(Program.command) train \(name).json5           trains it; --smoke tries two steps first
    //   \(Program.command) plugins list                  the components that can stand behind each "use"
    //   \(Program.command) plugins describe NAME         a component's options, with what each does
    {
      name: \(JSONValue.quoted(name)),
      // The same seed gives the same bits.
      seed: 1,
    \(data.indented)
      // "class-balanced" evens out classes of unequal size.
      sampler: { use: "shuffled" },
      input: {
        size: \(size),
        normalize: "half",
        augment: [{ use: "flip" }, { use: "crop", padding: \(max(1, size / 12)) }],
      },
      model: {
        backbone: { use: "resnet18", stem: "small", units: [1, 1, 1, 1], widths: [16, 32, 64, 96] },
        landmarks: { use: "mobilefacenet", points: 0, width: 0.25, blocks: [1, 1, 1] },
        encoder: { use: "wmcsa-vit", size: 96, depth: 1, vitHeads: 4, layerScale: 1, deviation: 0.1, dropPath: 0 },
        head: { use: "mlp", hidden: [64], dropout: 0.1 },
        // Reliability balancing. `corrections: {}` leaves it out; then "cross-entropy" is the loss, alone.
        corrections: { anchor: { perClass: 4 }, attentive: { heads: 4, tokens: 8, keys: 64 } },
      },
      losses: {
        nll: { smoothing: 0.1 },
        "term-nll": { weight: 0.5, smoothing: 0.1 },
        anchor: { weight: 0.1, margin: 2 },
        center: { weight: 0.1 },
      },
      training: {
        epochs: \(dataLines == nil ? 6 : 20),
        batch: 64,
        gradientClip: 5,
        optimizer: { use: "adamw", learningRate: 3e-3, weightDecay: 0.05, decaysVectors: false },
        schedule: { use: "one-cycle", peak: 0.2 },
      },
    }

    """
  }

  private var data: String {
    dataLines ?? """
      classes: ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"],
      // Images of your own: `new recipe NAME --data FOLDER` looks at them and writes these lines.
      data: {
        train: { use: "synthetic-faces", count: 3000, identities: 300 },
        validation: { use: "synthetic-faces", split: "validation", count: 400 },
      },
      """
  }
}

extension String {
  /// Every line two columns further to the right.
  fileprivate var indented: String {
    split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }
}
