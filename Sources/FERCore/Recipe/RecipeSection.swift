import NeuralKit
import Support

/// A part of a recipe whose keys are fixed: those of its options, and places where components stand. What the reader of recipes
/// allows and what the help tells are both this.
struct RecipeSection<Options: ComponentOptions>: Sendable {
  /// Where it stands; empty for the whole recipe.
  let path: JSONPath
  let places: [RecipePlace]

  /// The keys beside the options.
  var besides: [String] { places.filter { $0.form != .file }.map(\.key).sorted() }
  /// Whose keys they are, for sentences.
  var owner: String { path.steps.isEmpty ? "a recipe" : "\"\(path)\"" }

  /// What there is to know of it.
  var keys: RecipeKeys {
    RecipeKeys(
      path: path, options: Options.described(), defaults: (try? JSONValue.encoding(Options())) ?? .null,
      places: places)
  }
}

/// A key under which something stands that has keys of its own.
package struct RecipePlace: Sendable {
  /// How components stand there.
  package enum Form: String, Sendable {
    /// An object with the name under `use`.
    case one = "one, as { use: \"NAME\" }"
    /// An object of objects by their keys, each the name of a component where it has no `use`.
    case byKey = "any number by their keys, as { NAME: {} }"
    /// A list of objects with `use`.
    case list = "a list, as [{ use: \"NAME\" }]"
    /// No components: another section.
    case section = "a section of its own"
    /// No components, and read before all others: the path of another recipe.
    case file = "the path of a recipe"
  }

  /// The key.
  package let key: String
  /// How components stand there.
  package let form: Form
  /// What stands there.
  package let meaning: String
  /// Whose names are known there: the kind's name in lists; "" for a section.
  package let plural: String
  /// What may be said there beside a component's own options.
  package let settings: [OptionDescription]
  /// Their defaults.
  package let defaults: JSONValue

  init(
    _ key: String, _ form: Form, of plural: String = "", settings: any ComponentOptions.Type = NoOptions.self,
    _ meaning: String
  ) {
    (self.key, self.form, self.plural, self.meaning) = (key, form, plural, meaning)
    self.settings = settings.described()
    defaults = (try? JSONValue.encoding(settings.init())) ?? .null
  }
}

/// What there is to know of a ``RecipeSection``, whatever its options.
package struct RecipeKeys: Sendable {
  /// Where it stands; empty for the whole recipe.
  package let path: JSONPath
  /// Its options in the order of declaration.
  package let options: [OptionDescription]
  /// An object with the default of every option.
  package let defaults: JSONValue
  /// Its other keys.
  package let places: [RecipePlace]

  /// Of all sections, the whole recipe first.
  package static let all = [
    RecipeSection<RecipeHeader>.recipe.keys, RecipeSection<InputOptions>.input.keys,
    RecipeSection<DataOptions>.data.keys, RecipeSection<ModelOptions>.model.keys,
    RecipeSection<TrainingOptions>.training.keys,
  ]
}

extension RecipeSection where Options == RecipeHeader {
  static var recipe: Self {
    Self(
      path: JSONPath(),
      places: [
        RecipePlace(
          "extends", .file,
          "A recipe that this one changes: objects merge, null removes, all else replaces. A relative path starts from this file."
        ),
        RecipePlace("input", .section, "How an image becomes the model's input."),
        RecipePlace("data", .section, "The sets of images."),
        RecipePlace("sampler", .one, of: "samplers", "What decides which images make an epoch."),
        RecipePlace(
          "labels", .list, of: "labels", "What decides what training images are taken for, in this order."),
        RecipePlace("model", .section, "The parts of the network."),
        RecipePlace(
          "losses", .byKey, of: "losses", settings: LossOptions.self, "What training makes small: their sum."),
        RecipePlace("training", .section, "How long and by what rules training runs."),
      ])
  }
}
extension RecipeSection where Options == InputOptions {
  static var input: Self {
    Self(
      path: JSONPath("input"),
      places: [
        RecipePlace(
          "augment", .list, of: "augmentations", "What changes training images at random, in this order."),
        RecipePlace(
          "views", .one, of: "views", settings: ViewOptions.self, "What makes several images of one."),
      ])
  }
}
extension RecipeSection where Options == DataOptions {
  static var data: Self {
    Self(
      path: JSONPath("data"),
      places: [
        (DataSplit.train, "What training learns from."), (.validation, "What tells the best checkpoint."),
        (.test, "What final numbers come from; training never reads it."),
      ].map {
        RecipePlace($0.rawValue, .one, of: "datasets", settings: DatasetOptions.self, $1)
      } + [
        RecipePlace(
          "faces", .one, of: "detectors", settings: FaceOptions.self,
          "What cut the faces of these sets out of photographs; `predict --faces` does the same. Training never runs it."
        )
      ])
  }
}
extension RecipeSection where Options == ModelOptions {
  static var model: Self {
    func part(_ key: String, _ plural: String, _ meaning: String, _ form: RecipePlace.Form = .one)
      -> RecipePlace
    { RecipePlace(key, form, of: plural, settings: PartOptions.self, meaning) }
    return Self(
      path: JSONPath("model"),
      places: [
        part("backbone", "backbones", "The network that turns a face into feature maps."),
        part(
          "landmarks", "landmarks", "The network that knows where the parts of a face are, if there is one."),
        part("encoder", "encoders", "What fuses both into an embedding."),
        part("head", "heads", "What turns an embedding into class scores."),
        part("corrections", "corrections", "What proposes corrected distributions.", .byKey),
      ])
  }
}
extension RecipeSection where Options == TrainingOptions {
  static var training: Self {
    Self(
      path: JSONPath("training"),
      places: [
        RecipePlace(
          "optimizer", .one, of: "optimizers", "What changes the parameters, and the learning rate."),
        RecipePlace("schedule", .one, of: "schedules", "How the learning rate changes over training."),
      ])
  }
}
