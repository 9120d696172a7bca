import FERCore
import TensorKit

extension ConformanceKit {
  /// A face detector finds nothing where nothing is, stands images of any size, tells the surest face first, and what it
  /// finds depends on the image alone, whatever it saw before and whoever asks beside.
  static func check(_ subject: Subject<any FaceDetector>, _ found: inout Findings) throws {
    let (part, fresh) = (try subject.make(), try subject.make())
    let grey = Image(width: 160, height: 120, colour: [0.5, 0.5, 0.5])
    let plain = try part.faces(in: grey)
    found.expect(plain.isEmpty, .purpose, "finds \(plain.count) faces in an even grey")
    let sizes = [(1, 1), (1, 200), (200, 1), (48, 48), (320, 240)]
    let images = sizes.map { size in
      let values = SeededNumbers.uniform("conformance pixels", size.0 * size.1 * 3)
      return Image(width: size.0, height: size.1, pixels: values.map { ($0 + 1) / 2 })
    }
    let alone = try images.map(fresh.faces)
    for (image, faces) in zip(images, alone) {
      let size = "an image of \(image.width)x\(image.height) pixels"
      for problem in faces.compactMap(\.problem) { found.add(.range, "\(problem), in \(size)") }
      let scores = faces.map(\.score)
      found.expect(
        scores == scores.sorted(by: >), .range, "does not tell the surest face of \(size) first: \(scores)")
    }
    var together = [[DetectedFace]?](repeating: nil, count: 2 * images.count)
    together.withUnsafeMutableBufferPointer { together in
      Parallel.forEach(together.count) { together[$0] = try? part.faces(in: images[$0 % images.count]) }
    }
    for (index, faces) in together.enumerated() {
      found.expect(
        faces == alone[index % images.count], .determinism,
        "finds other faces in an image of \(sizes[index % images.count]) pixels where several are looked at at once"
      )
    }
  }
}
