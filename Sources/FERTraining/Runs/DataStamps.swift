import Foundation
import Support
import TensorKit

/// The stamps of the files of a ``DataFingerprint`` when their digests were taken: `data.stamps` in the run's folder. By them
/// a run that is resumed knows without reading which files nobody has touched.
///
/// The first line is the digest of the `data.jsonl` that it belongs to; then one for each of its lines, empty where a file
/// had only just been written, so that its stamp tells nothing.
struct DataStamps {
  /// Its name in a run's folder.
  static let name = "data.stamps"

  private let owner: String
  private let stamps: [FileStamp?]

  init(of fingerprint: DataFingerprint, _ stamps: [FileStamp?]) {
    (owner, self.stamps) = (Digest.sha256(fingerprint.text), stamps)
  }

  /// What lies in a run's folder for this fingerprint; nil where there is none.
  init?(ofRun folder: String, for fingerprint: DataFingerprint) {
    guard let file = try? OpenFile("\(folder)/\(Self.name)"),
      let bytes = try? file.read(from: 0, count: file.length)
    else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == fingerprint.entries.count + 2, lines[0] == Digest.sha256(fingerprint.text)
    else { return nil }
    owner = String(lines[0])
    stamps = lines.dropFirst().dropLast().map { FileStamp(text: $0) }
  }

  /// By the file's set and name. Where two have the same, none can be told from the other.
  func byName(_ fingerprint: DataFingerprint) -> [String: (entry: DataFingerprint.Entry, stamp: FileStamp)] {
    var found: [String: (entry: DataFingerprint.Entry, stamp: FileStamp)] = [:]
    var seen: Set<String> = []
    for (entry, stamp) in zip(fingerprint.entries, stamps) {
      let isNew = seen.insert(entry.place).inserted
      found[entry.place] = isNew ? stamp.map { (entry, $0) } : nil
    }
    return found
  }

  /// Writes them into a run's folder. Without them everything works and takes longer, so nothing is told where it fails.
  func write(toRun folder: String) {
    let lines = [owner] + stamps.map { $0?.text ?? "" }
    try? AtomicFile.write(lines.joined(separator: "\n") + "\n", to: "\(folder)/\(Self.name)")
  }
}

extension DataFingerprint.Entry {
  /// What it is known by.
  fileprivate var place: String { "\(set)\n\(file)" }
}

extension DataFingerprint.Open {
  /// With size, digest, and the stamp that the file had before and after it was read; no stamp where it tells nothing.
  func readStamped() -> (entry: DataFingerprint.Entry, stamp: FileStamp?) {
    let before = path.isEmpty ? nil : FileStamp(path)
    let isSettled = before?.isSettled == true
    let entry = read()
    return (entry, isSettled && entry.sha256 != nil && FileStamp(path) == before ? before : nil)
  }
}

extension DataFingerprint {
  /// What the files of a run are now. A file whose stamp is what it was is not read again; the stamps of all others are
  /// kept for the next time, where nothing has changed.
  static func now(_ files: [Open], ofRun folder: String, before: DataFingerprint) -> DataFingerprint {
    let known = DataStamps(ofRun: folder, for: before)?.byName(before) ?? [:]
    var found = files.map { (entry: $0.entry, stamp: FileStamp?.none) }
    var unsure: [Int] = []
    for (index, file) in files.enumerated() {
      if let old = known[file.entry.place], FileStamp(file.path) == old.stamp {
        (found[index].entry.bytes, found[index].entry.sha256) = (old.entry.bytes, old.entry.sha256)
        found[index].stamp = old.stamp
      } else {
        unsure.append(index)
      }
    }
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      Parallel.forEachBlock(of: unsure.count, size: 64) { [unsure] block in
        for place in block { found[unsure[place]] = files[unsure[place]].readStamped() }
      }
    }
    let now = DataFingerprint(found.map(\.entry))
    if !unsure.isEmpty, now == before { DataStamps(of: now, found.map(\.stamp)).write(toRun: folder) }
    return now
  }
}
