import FERCore
import Foundation

/// Distributions of frames that follow one another, each mixed with those before it:
///
///     s₁ = p₁,   sₜ = sₜ₋₁ + (1 − e^(−Δ/N)) (pₜ − sₜ₋₁)
///
/// N is the time constant and Δ the time since the face was last seen, both in frames: N frames after a change, 63 % of it
/// have arrived. What sums to 1 stays so.
///
/// Where there are several faces in a frame, one goes on with the nearest of the last frames: with that whose box overlaps
/// its own most, by at least three tenths of both together. A face that was not seen for longer than N frames begins anew.
package struct DistributionSmoother {
  /// Boxes that share less of what they cover together are of two faces.
  private static let leastOverlap = 0.3

  private struct Track {
    let number: Int
    var box: Box?
    var distribution: [Float]
    var frame: Int
  }

  private let constant: Double
  private var tracks: [Track] = []
  private var frame = 0
  private var count = 0

  /// - Parameter frames: the time constant, above 0.
  package init(frames: Double) { constant = frames }

  /// One face, or the whole image.
  package struct Smoothed: Equatable {
    /// Which of the faces seen so far it is, from 1 on.
    package let track: Int
    /// Its distribution over time.
    package let distribution: [Float]
  }

  /// Takes the faces of the next frame; none where it holds none or could not be read.
  /// - Parameter faces: what the model says of each, and where it is; no box is the whole image.
  package mutating func next(_ faces: [(distribution: [Float], box: Box?)]) -> [Smoothed] {
    frame += 1
    let now = frame
    tracks.removeAll { Double(now - $0.frame) > max(1, constant) }
    var pairs: [(face: Int, track: Int, overlap: Double)] = []
    for (index, face) in faces.enumerated() {
      for (place, track) in tracks.enumerated() {
        let overlap = face.box.flatMap { box in track.box.map(box.overlap) } ?? 1
        if overlap >= Self.leastOverlap { pairs.append((index, place, overlap)) }
      }
    }
    var (taken, chosen) = (Set<Int>(), [Int: Int]())
    for pair in pairs.sorted(by: { ($1.overlap, $0.face, $0.track) < ($0.overlap, $1.face, $1.track) })
    where chosen[pair.face] == nil && taken.insert(pair.track).inserted {
      chosen[pair.face] = pair.track
    }
    return faces.enumerated().map { index, face in
      guard let place = chosen[index] else {
        count += 1
        tracks.append(Track(number: count, box: face.box, distribution: face.distribution, frame: frame))
        return Smoothed(track: count, distribution: face.distribution)
      }
      let share = Float(1 - exp(-Double(frame - tracks[place].frame) / constant))
      let mixed = zip(tracks[place].distribution, face.distribution).map { $0 + share * ($1 - $0) }
      (tracks[place].box, tracks[place].distribution, tracks[place].frame) = (face.box, mixed, frame)
      return Smoothed(track: tracks[place].number, distribution: mixed)
    }
  }
}

extension Box {
  /// What two boxes share, as a share of what they cover together: 0 apart, 1 the same.
  package func overlap(_ other: Box) -> Double {
    let area = { (box: Box) in Double(max(0, box.right - box.left)) * Double(max(0, box.bottom - box.top)) }
    let shared = area(
      Box(
        left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
        bottom: min(bottom, other.bottom)))
    let all = area(self) + area(other) - shared
    return all > 0 ? shared / all : 0
  }
}
