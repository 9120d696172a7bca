import FERCore
import NeuralKit

#if Faces
  import CDlib
#endif

/// Finds frontal faces by histograms of oriented gradients in windows of 80x80 pixels over a pyramid of the image, and 68
/// points in each by a cascade of regression trees.
///
/// Source: dlib (King 2009, "Dlib-ml", JMLR 10); the detector is that of Felzenszwalb et al. 2010 without parts, five of
/// them for faces that look straight on, to a side, or lean to one; points by Kazemi and Sullivan, CVPR 2014.
final class DlibFaces: FaceDetector {
  struct Options: ComponentOptions {
    @Option(
      "The score from which on something counts as a face; 0 is dlib's own, less finds more, also what is none.",
      -2...5)
    var threshold = -0.5
    @Option(
      "How often the image is doubled first. 0 finds faces of 80 pixels and more, 1 of 40, in four times the time.",
      0...3) var upsample = 0
    @Option(
      "How far a box is moved up, as a share of its height: dlib's own is about brows and chin, a picture of a face mostly shows the forehead, too.",
      -0.5...0.5) var lift = 0.07
    @Option(
      "The file that knows 68 points of a face, by which it is turned upright, as Debian's libdlib-data has it. Empty: no points."
    ) var points: FilePath = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"
  }

  /// Whether this program was built with dlib.
  static var isBuiltIn: Bool {
    #if Faces
      true
    #else
      false
    #endif
  }

  private static let missing = NotInThisBuild(
    "the face detector \"dlib\" is not in this build: build it with `make build FACES=1`, or `make install FACES=1`"
  )

  #if Faces
    private let options: Options
    private let handle: Handle

    init(_ options: Options) throws {
      self.options = options
      handle = try Handle(points: options.points.text)
    }

    func faces(in image: Image) throws -> [DetectedFace] {
      try handle.faces(in: image, options)
    }

    /// What dlib says went wrong.
    private struct Failure: Error, CustomStringConvertible { let description: String }

    /// What dlib has opened; read alone from then on.
    private final class Handle: @unchecked Sendable {
      /// More faces than in any photograph are not kept.
      private static let room = 1024
      private let dlib: OpaquePointer
      private let hasPoints: Bool

      init(points: String) throws {
        hasPoints = !points.isEmpty
        var message = [CChar](repeating: 0, count: Int(ARBEX_DLIB_MESSAGE))
        let opened = hasPoints ? arbex_dlib_open(points, &message) : arbex_dlib_open(nil, &message)
        guard let opened else {
          throw BuildIssue(
            "points",
            "\(points) does not serve: \(Self.sentence(message)); install Debian's libdlib-data, or say \"\" for none"
          )
        }
        dlib = opened
      }

      deinit { arbex_dlib_close(dlib) }

      func faces(in image: Image, _ options: Options) throws -> [DetectedFace] {
        guard image.width > 0, image.height > 0 else { return [] }
        let bytes = image.eightBit ?? image.pixels.map { UInt8(max(0, min(255, ($0 * 255).rounded()))) }
        var message = [CChar](repeating: 0, count: Int(ARBEX_DLIB_MESSAGE))
        var found = [arbex_dlib_face](repeating: arbex_dlib_face(), count: Self.room)
        let count = arbex_dlib_find(
          dlib, bytes, image.width, image.height, Int32(options.upsample), options.threshold, &found,
          found.count, &message)
        guard count >= 0 else { throw Failure(description: Self.sentence(message)) }
        return found.prefix(count).map { face($0, lift: options.lift) }.sorted { $0.score > $1.score }
      }

      private func face(_ found: arbex_dlib_face, lift: Double) -> DetectedFace {
        let up = Int((lift * Double(found.bottom - found.top)).rounded())
        let numbers = withUnsafeBytes(of: found.points) { Array($0.bindMemory(to: Float.self)) }
        let points =
          hasPoints
          ? stride(from: 0, to: numbers.count, by: 2).map { ImagePoint(x: numbers[$0], y: numbers[$0 + 1]) }
          : []
        return DetectedFace(
          box: Box(left: found.left, top: found.top - up, right: found.right, bottom: found.bottom - up),
          score: Float(found.score), points: points)
      }

      private static func sentence(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  #else
    init(_ options: Options) throws { throw Self.missing }

    func faces(in image: Image) throws -> [DetectedFace] { throw Self.missing }
  #endif
}
