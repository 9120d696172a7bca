import Support

extension Dataset {
  /// Its samples, held to what is asked of it.
  /// - Throws: what ``load(_:)`` throws.
  package func heeding(_ request: DataRequest) throws -> any LoadedDataset {
    let running = Running.of(self)
    return HeededDataset(try running { try load(request) }, request, running)
  }
}

/// A dataset held to what the recipe asked of it, whoever reads its files: no sample of a class to leave out, no image
/// above the limit.
private struct HeededDataset: LoadedDataset {
  let samples: [Sample]
  let dataset: any LoadedDataset
  let request: DataRequest
  /// Where each sample stands in the dataset.
  let places: [Int]
  let running: Running

  init(_ dataset: any LoadedDataset, _ request: DataRequest, _ running: Running) {
    (self.dataset, self.request, self.running) = (dataset, request, running)
    let all = dataset.samples
    let ignored = Set(request.classes.indices.filter { request.ignore.contains(request.classes[$0]) })
    places = all.indices.filter { !ignored.contains(all[$0].label) }
    samples = places.map { all[$0] }
  }

  var folder: String { dataset.folder }
  var tables: [String] { dataset.tables }
  var leftOut: [DataProblem] { dataset.leftOut }
  var notes: [String] { dataset.notes }
  var warnings: [String] { dataset.warnings }

  func path(at index: Int) -> String { dataset.path(at: places[index]) }

  func image(at index: Int) throws -> Image {
    let image = try running { try dataset.image(at: places[index]) }
    guard image.width > 0, image.height > 0, image.width <= request.pixelLimit / image.height else {
      throw DataProblem(
        path(at: index),
        "is \(image.width)x\(image.height) pixels; there must be at least 1 and at most \(request.pixelLimit) "
          + "(data.pixelLimit)")
    }
    return image
  }
}
