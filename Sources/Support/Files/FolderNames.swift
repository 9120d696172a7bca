#if canImport(Glibc)
  import Glibc
#endif

/// What a folder holds.
package enum FolderNames {
  /// The names in a folder, hidden ones among them but not "." and "..", in an order that no file system and no
  /// language setting can change: by their bytes.
  package static func all(in folder: String) throws(OpenFile.Failure) -> [String] {
    guard let listing = opendir(folder) else { throw .system(errno) }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
