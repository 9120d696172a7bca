#if canImport(Glibc)
  import Glibc
#endif

/// What a folder holds.
package enum FolderNames {
  /// The names in a folder, hidden ones among them but not "." and "..", in an order that no file system and no
  /// language setting can change: by their bytes.
  package static func all(in folder: String) throws(OpenFile.Failure) -> [String] {
    guard let listing = opendir(folder.systemName) else { throw .system(errno) }
    defer { closedir(listing) }
    var names: [[UInt8]] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        UnsafeRawBufferPointer(start: $0, count: 256).prefix { $0 != 0 }.map { $0 }
      }
      if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }.map { FileName.text($0) }
  }
}
