import CMalloc

/// What becomes of memory that is given back to `malloc`.
package enum FreedMemory {
  /// Once asked for, `malloc` keeps pieces up to the size of large pictures. It returns them to the system
  /// otherwise, and a process that reads many pictures spends half of its time on fetching the same pages again.
  package static let isKept: Void = {
    _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
    _ = mallopt(M_TRIM_THRESHOLD, 64 << 20)
  }()
}
