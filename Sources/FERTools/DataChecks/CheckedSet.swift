import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

/// One set of images (train, validation, test), every image of which has been looked at.
public struct CheckedSet: Sendable {
  /// What a set is made of: a dataset's name and options.
  struct Source {
    /// "train", "validation" or "test".
    let split: String
    /// The dataset's name in recipes.
    let dataset: String
    /// Its options as a recipe gives them.
    var options: [String: JSONValue]
  }

  /// An image that cannot be read.
  public struct Unreadable: Sendable {
    /// The file, or the sample's name.
    public let image: String
    /// What is wrong with it.
    public let problem: String
  }

  /// "train", "validation" or "test".
  public let split: String
  /// The dataset's name in recipes.
  public let dataset: String
  /// Every image that the set lists, but for those left out before they were read.
  public let samples: [Sample]
  /// What was seen of each sample; nil where it cannot be read.
  public let prints: [ImageFingerprint?]
  /// The images that cannot be read, also those left out at once.
  public let unreadable: [Unreadable]
  /// What the dataset itself has to say.
  public let notes: [String]
  /// Why the set cannot be used as it stands: classes without images, labels out of range ...
  public let problem: DataProblem?
  /// Whether it can be used where `allowMissing` is set.
  public let worksWithMissingClasses: Bool
  /// The samples and their images; nil where they cannot be had.
  let images: (any LoadedDataset)?

  /// How many images the set lists.
  public var listed: Int { samples.count + unreadable.count - prints.count { $0 == nil } }

  /// Loads a set so that bad images come to light instead of ending the work, and looks at every image on all threads.
  /// - Parameter tick: told of the images done, and of all.
  static func load(
    _ source: Source, of subject: DataSubject, registry: Registry, tick: (Int, Int) -> Void
  ) -> CheckedSet {
    let classes = subject.classes
    let attempts = [[:], ["allowMissing": JSONValue.bool(true)]]
    var problem: DataProblem?
    for (place, more) in attempts.enumerated() {
      do {
        var loaded = try dataset(source, adding: more, classes, subject.inputSize, registry).load(
          classes: classes)
        if let recipe = subject.recipe, var files = loaded as? LoadedImageFiles {
          files.limits = ImageFile.Limits(pixels: recipe.data.pixelLimit)
          loaded = files
        }
        return CheckedSet(source, loaded, problem: problem, worksWithMissingClasses: place > 0, tick: tick)
      } catch let found as DataProblem {
        problem = problem ?? found
      } catch {
        problem = problem ?? DataProblem("", "\(error)")
      }
    }
    return CheckedSet(source, problem: problem)
  }

  private static func dataset(
    _ source: Source, adding more: [String: JSONValue], _ classes: [String], _ inputSize: Int,
    _ registry: Registry
  ) throws -> any Dataset {
    let entry = try registry.datasets.entry(source.dataset, at: RecipePath("data", source.split))
    let known = entry.summary.defaults.members ?? [:]
    let lenient = ["onBadImage": JSONValue.string("skip"), "skipUpTo": .int(1)].merging(more) { $1 }
    var options = source.options
    for (key, value) in lenient where known[key] != nil { options[key] = value }
    var context = BuildContext(scope: ParameterScope(), classes: classes, inputSize: inputSize)
    let prepared = entry.prepared(.object(options))
    if let issue = prepared.issues.first {
      throw DataProblem("data.\(source.split)", "\(issue.path) \(issue.message)")
    }
    do {
      return try prepared.build(&context)
    } catch let issue as BuildIssue {
      throw DataProblem("data.\(source.split)", "\(issue.key) \(issue.message)")
    }
  }

  private init(_ source: Source, problem: DataProblem?) {
    (split, dataset, self.problem) = (source.split, source.dataset, problem)
    (samples, prints, unreadable, notes, images) = ([], [], [], [], nil)
    worksWithMissingClasses = false
  }

  private init(
    _ source: Source, _ loaded: any LoadedDataset, problem: DataProblem?, worksWithMissingClasses: Bool,
    tick: (Int, Int) -> Void
  ) {
    (split, dataset, self.problem) = (source.split, source.dataset, problem)
    self.worksWithMissingClasses = worksWithMissingClasses
    images = loaded
    let samples = loaded.samples
    self.samples = samples
    let tolerant = loaded as? any TolerantDataset
    notes = tolerant?.notes ?? []
    var found = [Result<ImageFingerprint, DataProblem>?](repeating: nil, count: samples.count)
    for start in stride(from: 0, to: samples.count, by: 512) {
      let end = min(start + 512, samples.count)
      found.withUnsafeMutableBufferPointer { found in
        Parallel.forEach(end - start) {
          found[start + $0] = Self.look(at: start + $0, of: loaded, samples[start + $0].id)
        }
      }
      tick(end, samples.count)
    }
    prints = found.map { try? $0?.get() }
    unreadable =
      (tolerant?.leftOut ?? []).map { Unreadable(image: $0.path, problem: $0.message) }
      + zip(samples, found).compactMap { sample, result in
        guard case .failure(let problem)? = result else { return nil }
        return Unreadable(image: problem.path.isEmpty ? sample.id : problem.path, problem: problem.message)
      }
  }

  private static func look(
    at index: Int, of images: any LoadedDataset, _ name: String
  ) -> Result<ImageFingerprint, DataProblem> {
    do {
      let image = try images.image(at: index)
      guard image.width > 0, image.height > 0 else { return .failure(DataProblem(name, "has no pixels")) }
      return .success(ImageFingerprint(image))
    } catch {
      return .failure(error as? DataProblem ?? DataProblem(name, "\(error)"))
    }
  }
}
