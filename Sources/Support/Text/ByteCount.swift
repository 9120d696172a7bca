/// Sizes of files and memories, for people.
package enum ByteCount {
  /// "23.6 GB", "586 MB" or "0.4 MB", in thousands as disks have it. Megabytes are rounded up, so that something is never
  /// said to be nothing.
  package static func text(_ bytes: Int) -> String {
    switch bytes {
    case ..<10_000_000: (Double((max(0, bytes) + 99_999) / 100_000) / 10).rounded(places: 1) + " MB"
    case ..<1_000_000_000: "\((bytes + 999_999) / 1_000_000) MB"
    default: (Double(bytes) / 1e9).rounded(places: 1) + " GB"
    }
  }
}
