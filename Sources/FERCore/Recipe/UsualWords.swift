import Support

/// What people who come from other programs call the values of a recipe.
package enum UsualWords {
  /// By the word in small letters without "-" and "_": where a recipe has the value.
  package static let places: [String: String] = [
    "epochs": "training.epochs", "epoch": "training.epochs", "numepochs": "training.epochs",
    "nepochs": "training.epochs", "maxepochs": "training.epochs", "numtrainepochs": "training.epochs",
    "batch": "training.batch", "batchsize": "training.batch", "bs": "training.batch",
    "trainbatchsize": "training.batch", "valbatchsize": "training.validationBatch",
    "evalbatchsize": "training.validationBatch", "validationbatchsize": "training.validationBatch",
    "lr": "training.optimizer.learningRate", "learningrate": "training.optimizer.learningRate",
    "baselr": "training.optimizer.learningRate", "initiallr": "training.optimizer.learningRate",
    "weightdecay": "training.optimizer.weightDecay", "wd": "training.optimizer.weightDecay",
    "decay": "training.optimizer.weightDecay", "momentum": "training.optimizer.momentum",
    "optimizer": "training.optimizer", "optim": "training.optimizer", "optimiser": "training.optimizer",
    "schedule": "training.schedule", "scheduler": "training.schedule", "lrscheduler": "training.schedule",
    "lrschedule": "training.schedule", "warmup": "training.schedule.warmup",
    "warmupepochs": "training.schedule.warmup", "seed": "seed", "randomseed": "seed", "manualseed": "seed",
    "workers": "training.workers", "numworkers": "training.workers", "patience": "training.patience",
    "earlystopping": "training.patience", "earlystop": "training.patience", "ema": "training.ema",
    "emadecay": "training.ema", "gradientclip": "training.gradientClip", "gradclip": "training.gradientClip",
    "clip": "training.gradientClip", "clipgrad": "training.gradientClip",
    "clipgradnorm": "training.gradientClip", "maxgradnorm": "training.gradientClip",
    "best": "training.best", "monitor": "training.best", "validateevery": "training.validateEvery",
    "evalevery": "training.validateEvery", "valinterval": "training.validateEvery",
    "logsteps": "training.logSteps", "loginterval": "training.logSteps", "printfreq": "training.logSteps",
    "checkpointsteps": "training.checkpointSteps", "savesteps": "training.checkpointSteps",
    "checkpointminutes": "training.checkpointMinutes", "microbatch": "training.accumulate",
    "gradientaccumulation": "training.accumulate", "gradientaccumulationsteps": "training.accumulate",
    "accumulationsteps": "training.accumulate", "accumulategradbatches": "training.accumulate",
    "imagesize": "input.size", "imgsize": "input.size", "inputsize": "input.size", "resolution": "input.size",
    "augment": "input.augment", "augmentation": "input.augment", "augmentations": "input.augment",
    "transform": "input.augment", "transforms": "input.augment", "normalize": "input.normalize",
    "normalization": "input.normalize", "views": "input.views", "backbone": "model.backbone",
    "landmarks": "model.landmarks", "encoder": "model.encoder", "head": "model.head",
    "corrections": "model.corrections", "tta": "model.testTimeFlip", "testtimeflip": "model.testTimeFlip",
    "pretrained": "model.backbone.weights", "loss": "losses", "criterion": "losses", "classnames": "classes",
    "train": "data.train", "trainset": "data.train", "validation": "data.validation",
    "val": "data.validation", "valid": "data.validation", "test": "data.test", "datadir": "data.train.root",
    "dataroot": "data.train.root", "datapath": "data.train.root", "pixellimit": "data.pixelLimit",
  ]

  /// Where a recipe has what somebody calls by this word; nil where nobody knows.
  package static func place(of word: String) -> String? {
    places[word.lowercased().filter { !"-_".contains($0) }]
  }

  /// What to say of a key that is not known where it stands: "; here it is training.batch", or nothing.
  /// - Parameter value: what is written under the key, whose own key may tell more.
  static func suggestion(for key: String, holding value: JSONValue, at path: JSONPath) -> String {
    var (words, value) = ([key], value)
    while let members = value.members, members.count == 1, let (word, inner) = members.first {
      words.append(word)
      value = inner
    }
    let written = (path.steps.isEmpty ? "" : "\(path).") + words.joined(separator: ".")
    guard let place = words.reversed().firstResult(place), place != written,
      place != "\(path / key)"
    else { return "" }
    // Each set of images has its own folder.
    if path.steps.first == .key("data"), place.hasPrefix("data.") { return "" }
    return "; here it is \(place)"
  }
}
