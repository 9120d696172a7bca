#if MPI
  import CMPI
  import Foundation
  import Support
  import TensorKit

  /// The processes of one training, reached by MPI.
  ///
  /// Sums go by all-to-all, addition in the order of ``RankTree`` and all-gather: each rank adds a part of the numbers for
  /// all of them, so that the order is fixed and nothing is sent twice. A few numbers go to everybody at once, and everybody
  /// adds all of them in the same order. One call at a time, from any thread.
  package final class MPICollective: Collective, @unchecked Sendable {
    package let rank: Int
    package let size: Int
    private let messages: MPIMessages
    /// Room for the numbers of all ranks, used again.
    private var scratch: [Float] = []

    private enum Tag { static let (sum, counts, rows, barrier) = (Int32(1), Int32(2), Int32(3), Int32(4)) }

    /// Starts MPI, once in a process.
    /// - Parameter patience: after so many seconds a rank that does not answer is given up.
    /// - Throws: ``CollectiveFault`` where MPI cannot be used.
    package init(patience: Double) throws {
      var (given, rank, size) = (Int32(0), Int32(0), Int32(1))
      guard MPI_Init_thread(nil, nil, Int32(MPI_THREAD_SERIALIZED), &given) == MPI_SUCCESS,
        given >= Int32(MPI_THREAD_SERIALIZED)
      else { throw CollectiveFault("MPI cannot be started, or takes no calls from threads") }
      arbex_mpi_return_errors()
      MPI_Comm_rank(arbex_mpi_world(), &rank)
      MPI_Comm_size(arbex_mpi_world(), &size)
      (self.rank, self.size) = (Int(rank), Int(size))
      let numbers = (0..<self.size).map { "rank \($0)" }
      messages = MPIMessages(rank: self.rank, .init(names: numbers, patience: patience))
      let hosts = try gathered(bytes: Array(ProcessInfo.processInfo.hostName.utf8))
      messages.waiting.names = zip(numbers, hosts).map {
        "\($0) on \(String(decoding: $1, as: UTF8.self).printable)"
      }
    }

    /// How the ranks are called in sentences: "rank 2 on node7".
    package var names: [String] { messages.waiting.names }

    /// Waits for all, and ends MPI.
    package func finish() { MPI_Finalize() }

    /// Ends all ranks at once with an exit code.
    package static func abort(_ code: Int32) -> Never {
      MPI_Abort(arbex_mpi_world(), code)
      exit(code)
    }

    package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) throws {
      guard size > 1, !numbers.isEmpty else { return }
      if numbers.count <= SumSizes.few { return try sumFew(numbers) }
      for first in stride(from: 0, to: numbers.count, by: SumSizes.bucket) {
        try sumBucket(.init(rebasing: numbers[first..<min(first + SumSizes.bucket, numbers.count)]))
      }
      try messages.finish()
    }

    private func sumFew(_ numbers: UnsafeMutableBufferPointer<Float>) throws {
      try withScratch(size * numbers.count) { scratch in
        for peer in peers {
          try messages.receive(Self.row(peer, of: numbers.count, in: scratch), from: peer, tag: Tag.sum)
        }
        for peer in peers { try messages.send(.init(numbers), to: peer, tag: Tag.sum) }
        Self.row(rank, of: numbers.count, in: scratch).copyMemory(from: .init(numbers))
        try messages.finish()
        RankTree.sum(scratch, parts: size, count: numbers.count)
        UnsafeMutableRawBufferPointer(numbers).copyMemory(
          from: .init(Self.row(0, of: numbers.count, in: scratch)))
      }
    }

    /// The last exchange is still on its way when this returns; it passes while the next bucket is begun.
    private func sumBucket(_ numbers: UnsafeMutableBufferPointer<Float>) throws {
      func part(_ rank: Int) -> UnsafeMutableRawBufferPointer {
        let cut = { (rank: Int) in rank * numbers.count / self.size }
        return .init(UnsafeMutableBufferPointer(rebasing: numbers[cut(rank)..<cut(rank + 1)]))
      }
      let own = part(rank)
      let count = own.count / MemoryLayout<Float>.size
      try withScratch(size * ((SumSizes.bucket + size - 1) / size)) { scratch in
        for peer in peers {
          try messages.receive(Self.row(peer, of: count, in: scratch), from: peer, tag: Tag.sum)
        }
        for peer in peers { try messages.send(.init(part(peer)), to: peer, tag: Tag.sum) }
        Self.row(rank, of: count, in: scratch).copyMemory(from: .init(own))
        try messages.finish()
        RankTree.sum(scratch, parts: size, count: count)
        own.copyMemory(from: .init(Self.row(0, of: count, in: scratch)))
        for peer in peers { try messages.receive(part(peer), from: peer, tag: Tag.sum) }
        for peer in peers { try messages.send(.init(own), to: peer, tag: Tag.sum) }
      }
    }

    package func gathered(_ rows: [Float]) throws -> [[Float]] {
      var counts = [Int](repeating: 0, count: size)
      counts[rank] = rows.count
      try counts.withUnsafeMutableBytes { counts in
        let word = MemoryLayout<Int>.size
        let place = { UnsafeMutableRawBufferPointer(rebasing: counts[$0 * word..<($0 + 1) * word]) }
        for peer in peers { try messages.receive(place(peer), from: peer, tag: Tag.counts) }
        for peer in peers { try messages.send(.init(place(rank)), to: peer, tag: Tag.counts) }
        try messages.finish()
      }
      // One array for all, so that no storage moves while messages are on their way.
      let starts = counts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
      var all = [Float](repeating: 0, count: starts[size])
      try all.withUnsafeMutableBufferPointer { [starts] buffer in
        let all = buffer
        let place = { (peer: Int) in
          UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: all[starts[peer]..<starts[peer + 1]]))
        }
        rows.withUnsafeBytes { place(rank).copyMemory(from: $0) }
        for peer in peers { try messages.receive(place(peer), from: peer, tag: Tag.rows) }
        for peer in peers { try messages.send(.init(place(rank)), to: peer, tag: Tag.rows) }
        try messages.finish()
      }
      return (0..<size).map { Array(all[starts[$0]..<starts[$0 + 1]]) }
    }

    package func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
      var count = bytes.count
      try withUnsafeMutableBytes(of: &count) {
        try messages.broadcast($0)
        try messages.finish()
      }
      var all = rank == 0 ? bytes : [UInt8](repeating: 0, count: count)
      try all.withUnsafeMutableBytes {
        try messages.broadcast($0)
        try messages.finish()
      }
      return all
    }

    /// Others may take as long as they like until they come here.
    package func barrier() throws {
      var bytes = [UInt8](repeating: 0, count: size)
      try bytes.withUnsafeMutableBytes { bytes in
        let place = { UnsafeMutableRawBufferPointer(rebasing: bytes[$0..<$0 + 1]) }
        for peer in peers { try messages.receive(place(peer), from: peer, tag: Tag.barrier) }
        for peer in peers { try messages.send(.init(place(rank)), to: peer, tag: Tag.barrier) }
        try messages.finish(isPatient: true)
      }
    }

    /// The other ranks, the next one first, so that not all send to the same.
    private var peers: [Int] { (1..<max(1, size)).map { (rank + $0) % size } }

    private func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> Void) throws {
      if scratch.count < count { scratch = [Float](repeating: 0, count: count) }
      try scratch.withUnsafeMutableBufferPointer { scratch in
        if let start = scratch.baseAddress { try body(start) }
      }
    }

    private static func row(
      _ number: Int, of count: Int, in scratch: UnsafeMutablePointer<Float>
    ) -> UnsafeMutableRawBufferPointer {
      .init(UnsafeMutableBufferPointer(start: scratch + number * count, count: count))
    }
  }
#endif
