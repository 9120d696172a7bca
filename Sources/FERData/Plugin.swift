import FERCore

/// The datasets and augmentations that come with arbex.
public enum FERDataPlugin: Plugin {
  /// Puts them on their shelves.
  public static func register(in registry: inout Registry) throws {
    try registry.datasets.register("class-folders", ClassFolders.self, "images in one folder for each class")
    try registry.datasets.register("raf-db", RAFDB.self, "RAF-DB's basic expressions")
    try registry.datasets.register("synthetic-faces", SyntheticFaces.self, "faces drawn by the program")

    try registry.augmentations.register("affine", Affine.self, "turns, moves, scales and shears")
    try registry.augmentations.register("color", ColorJitter.self, "changes brightness, contrast, saturation, hue")
    try registry.augmentations.register("crop", Crop.self, "cuts out the input size at a random place")
    try registry.augmentations.register("erase", Erase.self, "covers a random rectangle")
    try registry.augmentations.register("flip", Flip.self, "swaps left and right")
    try registry.augmentations.register("grey", Grey.self, "takes the colour out")
    try registry.augmentations.register("noise", Noise.self, "adds normally distributed noise")
    try registry.augmentations.register(
      "random-resized-crop", RandomResizedCrop.self, "cuts out a part of random size and stretches it")
    try registry.augmentations.register("rotate", Rotate.self, "turns by a random angle")
  }
}
