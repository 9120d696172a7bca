import FERCore

/// The datasets and augmentations that come with arbex.
package enum FERDataPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.datasets.register(
      "aff-wild2", AffWild2.self, "Aff-Wild2: a text file of labels for each video")
    try registry.datasets.register(
      "affectnet", AffectNet.self, "AffectNet: its tables, or its .npy annotations")
    try registry.datasets.register("class-folders", ClassFolders.self, "images in one folder for each class")
    try registry.datasets.register("fer2013", FER2013.self, "FER2013: its table of pixels, or folders")
    try registry.datasets.register("ferg-db", FERGDB.self, "FERG-DB: drawn characters in folders")
    try registry.datasets.register(
      "ferplus", FERPlus.self, "FER+: FER2013's faces with the votes of ten people")
    try registry.datasets.register("jaffe", JAFFE.self, "JAFFE: labels and people in file names")
    try registry.datasets.register("manifest", Manifest.self, "images that a table lists")
    try registry.datasets.register("raf-db", RAFDB.self, "RAF-DB: a list of labels, aligned faces")
    try registry.datasets.register("synthetic-faces", SyntheticFaces.self, "faces drawn by the program")

    try registry.augmentations.register("affine", Affine.self, "turns, moves, scales and shears")
    try registry.augmentations.register(
      "color", ColorJitter.self, "changes brightness, contrast, saturation, hue")
    try registry.augmentations.register("crop", Crop.self, "cuts out the input size at a random place")
    try registry.augmentations.register("erase", Erase.self, "covers a random rectangle")
    try registry.augmentations.register("flip", Flip.self, "swaps left and right")
    try registry.augmentations.register("grey", Grey.self, "takes the colour out")
    try registry.augmentations.register("noise", Noise.self, "adds normally distributed noise")
    try registry.augmentations.register("one-of", OneOf.self, "applies one of several augmentations")
    try registry.augmentations.register(
      "random-resized-crop", RandomResizedCrop.self, "cuts out a part of random size and stretches it")
    try registry.augmentations.register(
      "resize", RandomResize.self, "stretches to a square, of random side if wanted")
    try registry.augmentations.register("rotate", Rotate.self, "turns by a random angle")
  }
}
