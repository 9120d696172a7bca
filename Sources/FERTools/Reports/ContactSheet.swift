import FERTraining
import FERCore
import FERData
import TensorKit
import Support

/// A few images of each class as the model will see them: the file, what evaluation makes of it, and what training
/// makes of it in the first epochs, before the values are normalised.
///
/// Which images are shown follows from the seed alone. Augmented ones are those of the recipe's training, to the bit,
/// for images that an epoch draws once.
package struct ContactSheet {
  /// How many images of a class are shown with a recipe; without one there is only the file, so there are more.
  static let imagesPerClass = 2
  static let filesPerClass = 8
  static let epochs = 6
  /// How many classes are shown.
  static let mostClasses = 40

  private let title: String
  private let detail: String
  private let classes: [String]
  private let images: any LoadedDataset
  private let pipeline: InputPipeline?
  private let seed: UInt64

  /// The sheet of a check's training set, or of the first set that has images.
  /// - Returns: nil where there is none.
  package init?(_ check: DataCheck) {
    let filled = check.sets.filter { !$0.samples.isEmpty }
    guard let set = filled.first(where: { $0.split == "train" }) ?? filled.first, let images = set.images
    else { return nil }
    let recipe = check.subject.recipe
    self.images = images
    classes = check.subject.classes
    seed = recipe?.seed ?? 1
    pipeline = recipe.map { InputPipeline(of: $0, isTraining: true) }
    title = (recipe?.name ?? PathText.name(of: PathText.absolute(check.subject.path))) + ", \(set.split)"
    if let recipe {
      let names = recipe.effective["input"]?["augment"]?.elements?.compactMap { $0["use"]?.text } ?? []
      detail =
        "input \(recipe.input.size)x\(recipe.input.size), seed \(recipe.seed), augmentations: "
        + (names.isEmpty ? "none" : names.joined(separator: ", "))
    } else {
      detail = "\(images.samples.count) images; check a recipe to see what it makes of them"
    }
  }

  // MARK: measures

  private static let (margin, names, cell, gap, caption, head) = (24.0, 120.0, 104.0, 10.0, 20.0, 76.0)

  private var columns: [String] {
    guard pipeline != nil else { return [] }
    return ["file", "evaluation"] + (1...Self.epochs).map { "training, epoch \($0)" }
  }
  private var columnCount: Int { pipeline == nil ? Self.filesPerClass : columns.count }

  /// The picture, two pixels a point.
  package func image() -> Image {
    let shown = Array(classes.indices.prefix(Self.mostClasses))
    let rows = shown.map { label in (label: label, samples: chosen(label)) }
    let rowHeight = Self.cell + Self.caption
    let heights = rows.map { Double(pipeline == nil ? 1 : max(1, $0.samples.count)) * rowHeight + Self.gap }
    let footer = classes.count > shown.count ? 24.0 : 0
    let width = Self.margin * 2 + Self.names + Double(columnCount) * (Self.cell + Self.gap) - Self.gap
    var canvas = Canvas(
      width: width, height: Self.margin + Self.head + heights.reduce(0, +) + footer + Self.margin / 2)
    drawHead(on: &canvas)
    var top = Self.margin + Self.head
    for (row, height) in zip(rows, heights) {
      draw(row.label, row.samples, top: top, on: &canvas)
      top += height
    }
    if footer > 0 {
      canvas.write(
        "and \(classes.count - shown.count) more classes", x: Self.margin, baseline: top + 12, Look.note)
    }
    return canvas.image
  }

  private func drawHead(on canvas: inout Canvas) {
    let width = canvas.width - 2 * Self.margin
    canvas.write(
      Look.title.fitted(title, width: width), x: Self.margin, baseline: Self.margin + 14, Look.title)
    canvas.write(
      Look.note.fitted(detail, width: width), x: Self.margin, baseline: Self.margin + 34, Look.note)
    for (place, name) in columns.enumerated() {
      canvas.write(
        Look.head.fitted(name, width: Self.cell), x: left(place), baseline: Self.margin + 62, Look.head)
    }
  }

  private func left(_ column: Int) -> Double {
    Self.margin + Self.names + Double(column) * (Self.cell + Self.gap)
  }

  private func draw(_ label: Int, _ samples: [Int], top: Double, on canvas: inout Canvas) {
    canvas.fill(
      Canvas.Box(x: Self.margin, y: top - 5, width: canvas.width - 2 * Self.margin, height: 1), Look.line)
    let nameWidth = Self.names - 12
    canvas.write(
      Look.name.fitted(classes[label], width: nameWidth), x: Self.margin, baseline: top + 14, Look.name)
    let count = images.samples.count { $0.label == label }
    canvas.write("\(count) image\(count == 1 ? "" : "s")", x: Self.margin, baseline: top + 31, Look.note)
    for (place, index) in samples.enumerated() {
      let id = images.samples[index].id
      guard let pipeline else {
        let box = Canvas.Box(x: left(place), y: top, width: Self.cell, height: Self.cell)
        drawCell(try? images.image(at: index), in: box, on: &canvas)
        canvas.write(
          Look.small.fitted(PathText.name(of: id), width: Self.cell, keepsEnd: true), x: box.x,
          baseline: box.bottom + 11, Look.small)
        continue
      }
      let y = top + Double(place) * (Self.cell + Self.caption)
      let versions = Self.versions(of: try? images.image(at: index), index: index, pipeline, seed: seed)
      for (column, version) in versions.enumerated() {
        drawCell(
          version, in: Canvas.Box(x: left(column), y: y, width: Self.cell, height: Self.cell), on: &canvas)
      }
      let width = Self.cell * 3
      canvas.write(
        Look.small.fitted(id, width: width, keepsEnd: true), x: left(0), baseline: y + Self.cell + 11,
        Look.small)
    }
    if samples.isEmpty { canvas.write("no image to show", x: left(0), baseline: top + 14, Look.note) }
  }

  private func drawCell(_ image: Image?, in box: Canvas.Box, on canvas: inout Canvas) {
    canvas.fill(box, Look.empty)
    if let image { canvas.draw(image, in: box, crisp: Double(image.width) * 2 <= box.width * canvas.scale) }
  }

  /// Images of a class, drawn by the seed; those that cannot be read are passed over.
  private func chosen(_ label: Int) -> [Int] {
    var random = RandomSource(seed: seed, stream: "contact sheet", sample: UInt64(label))
    let all = random.shuffled(images.samples.indices.filter { images.samples[$0].label == label })
    let wanted = pipeline == nil ? Self.filesPerClass : Self.imagesPerClass
    var found: [Int] = []
    // A lazy filter would read each file twice.
    for index in all.prefix(wanted * 4) where found.count < wanted && (try? images.image(at: index)) != nil {
      found.append(index)
    }
    return found
  }

  /// The file, as evaluation sees it, and as training sees it in each of the first epochs.
  static func versions(of image: Image?, index: Int, _ pipeline: InputPipeline, seed: UInt64) -> [Image] {
    guard let image else { return [] }
    let plain = image.resized(width: pipeline.size, height: pipeline.size, antialias: pipeline.antialias)
    return [image, plain]
      + (0..<epochs).compactMap { epoch in
        try? pipeline.augmented(image, random: .augmenting(index, epoch: epoch, seed: seed))
      }
  }

  private enum Look {
    private static let (dark, quiet) = (Canvas.Colour(0x1f2933), Canvas.Colour(0x5f6b77))
    static let (line, empty) = (Canvas.Colour(0xdde2e7), Canvas.Colour(0xedf0f3))
    static let title = Canvas.TextStyle(12, dark, isBold: true)
    static let name = Canvas.TextStyle(9.5, dark, isBold: true)
    static let head = Canvas.TextStyle(7.5, dark, isBold: true)
    static let note = Canvas.TextStyle(8, quiet)
    static let small = Canvas.TextStyle(6.5, quiet)
  }
}
