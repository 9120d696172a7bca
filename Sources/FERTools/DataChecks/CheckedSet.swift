import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Support

/// One set of images (train, validation, test), every image of which has been looked at.
package struct CheckedSet: Sendable {
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
  package struct Unreadable: Sendable {
    /// The file, or the sample's name.
    package let image: String
    /// What is wrong with it.
    package let problem: String
  }

  /// "train", "validation" or "test".
  package let split: String
  /// The dataset's name in recipes.
  package let dataset: String
  /// Every image that the set lists, but for those left out before they were read.
  package let samples: [Sample]
  /// What was seen of each sample; nil where it cannot be read.
  package let prints: [ImageFingerprint?]
  /// The images that cannot be read, also those left out at once.
  package let unreadable: [Unreadable]
  /// What the dataset itself has to say.
  package let notes: [String]
  /// What it takes for a mistake.
  package let warnings: [String]
  /// Why the set cannot be used as it stands: classes without images, labels out of range ...
  package let problem: DataProblem?
  /// Whether it can be used where `allowMissing` is set.
  package let worksWithMissingClasses: Bool
  /// The samples and their images; nil where they cannot be had.
  let images: (any LoadedDataset)?

  /// How many images the set lists.
  package var listed: Int { samples.count + unreadable.count - prints.count { $0 == nil } }

  /// Loads a set so that bad images come to light instead of ending the work, and looks at every image on all threads.
  /// - Parameter tick: told of the images done, and of all.
  static func load(
    _ source: Source, of subject: DataSubject, registry: Registry, tick: (Int, Int) -> Void
  ) -> CheckedSet {
    let ignored = source.options["ignore"]?.elements?.compactMap(\.text) ?? []
    let isLenient = source.options["allowMissing"] == .bool(true)
    var problem: DataProblem?
    for allowMissing in isLenient ? [true] : [false, true] {
      do {
        let request = DataRequest(
          classes: subject.classes,
          pixelLimit: subject.recipe?.data.pixelLimit ?? DataOptions.standardPixelLimit,
          badImages: .skip(upTo: 1), ignore: ignored, allowMissing: allowMissing)
        let loaded = try dataset(source, registry).heeding(request)
        return CheckedSet(
          source, loaded, problem: problem, worksWithMissingClasses: allowMissing && !isLenient, tick: tick)
      } catch let found as DataProblem { problem = problem ?? found } catch {
        problem = problem ?? DataProblem("", "\(error)")
      }
    }
    return CheckedSet(source, problem: problem)
  }

  private static func dataset(_ source: Source, _ registry: Registry) throws -> any Dataset {
    let entry = try registry.datasets.entry(source.dataset, at: JSONPath("data", source.split))
    do {
      return try entry.make(.object(source.options))
    } catch let issue as RecipeIssue {
      throw DataProblem("data.\(source.split)", "\(issue.path) \(issue.message)")
    } catch let issue as BuildIssue {
      throw DataProblem("data.\(source.split)", "\(issue)")
    }
  }

  private init(_ source: Source, problem: DataProblem?) {
    (split, dataset, self.problem) = (source.split, source.dataset, problem)
    (samples, prints, unreadable, notes, warnings, images) = ([], [], [], [], [], nil)
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
    (notes, warnings) = (loaded.notes, loaded.warnings)
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
      loaded.leftOut.map { Unreadable(image: $0.path, problem: $0.message) }
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
