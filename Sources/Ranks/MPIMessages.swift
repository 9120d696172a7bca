#if MPI
  import CMPI
  import Support
  import TensorKit

  #if canImport(Glibc)
    import Glibc
  #endif

  /// Messages between ranks that are on their way. Waiting for them is polite, for a machine may have more ranks than
  /// cores, and ends with a sentence that names who is waited for.
  final class MPIMessages {
    /// What to tell of waiting.
    struct Waiting {
      /// How ranks are called in sentences: "rank 2 on node7".
      var names: [String]
      /// After so many seconds a rank that does not answer is given up.
      var patience: Double
    }

    var waiting: Waiting
    private let rank: Int
    private var requests: [MPI_Request?] = []
    private var peers: [Int] = []
    private var isOpen: [Bool] = []

    init(rank: Int, _ waiting: Waiting) { (self.rank, self.waiting) = (rank, waiting) }

    /// Begins to send bytes, which must stay as they are until ``finish(isPatient:)`` has returned.
    func send(_ bytes: UnsafeRawBufferPointer, to peer: Int, tag: Int32) throws {
      try begin(peer, bytes.count) {
        arbex_mpi_send(bytes.baseAddress?.advanced(by: $0), $1, Int32(peer), tag, $2)
      }
    }

    /// Begins to receive as many bytes as there is room for.
    func receive(_ bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: Int32) throws {
      try begin(peer, bytes.count) {
        arbex_mpi_receive(bytes.baseAddress?.advanced(by: $0), $1, Int32(peer), tag, $2)
      }
    }

    /// Begins to hand out the bytes of rank 0 to all.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
      try begin(0, bytes.count) { arbex_mpi_broadcast(bytes.baseAddress?.advanced(by: $0), $1, $2) }
    }

    /// Returns when all that was begun is done.
    /// - Parameter isPatient: whether others may take as long as they like.
    /// - Throws: ``CollectiveFault`` that names a rank.
    func finish(isPatient: Bool = false) throws {
      var (finished, places) = (Int32(0), [Int32](repeating: 0, count: requests.count))
      var (begin, polls, told) = (Double?.none, 0, 0.0)
      while true {
        let code = arbex_mpi_advance(Int32(requests.count), &requests, &finished, &places)
        try check(code, isOpen.firstIndex(of: true).map { peers[$0] })
        if finished < 0 { break }
        for place in places.prefix(Int(finished)) { isOpen[Int(place)] = false }
        if finished > 0 { continue }
        polls += 1
        guard polls > 500 else { continue }
        let now = Clock.seconds
        let waited = now - (begin ?? now)
        begin = begin ?? now
        // Whoever is waited for may need this core.
        if waited < 0.002 { sched_yield() } else { usleep(50) }
        if waited > told + 60 {
          told = waited
          tell("waits for \(namesOfMissing), since \(Clock.text(waited))")
        }
        if waited > waiting.patience, !isPatient {
          throw CollectiveFault(
            "\(waiting.names[rank]): has waited \(Clock.text(waited)) for \(namesOfMissing), which does not answer: it is "
              + "stopped, hangs, or cannot be reached any more. \(Ranks.patienceVariable)=SECONDS waits longer"
          )
        }
      }
      requests.removeAll(keepingCapacity: true)
      peers.removeAll(keepingCapacity: true)
      isOpen.removeAll(keepingCapacity: true)
    }

    /// Begins a message in pieces that MPI's counts can tell.
    private func begin(
      _ peer: Int, _ count: Int, _ start: (Int, Int32, UnsafeMutablePointer<MPI_Request?>) -> Int32
    ) throws {
      let piece = 1 << 30
      for first in stride(from: 0, to: count, by: piece) {
        var request: MPI_Request?
        try check(start(first, Int32(min(piece, count - first)), &request), peer)
        requests.append(request)
        peers.append(peer)
        isOpen.append(true)
      }
    }

    private var namesOfMissing: String {
      let missing = Set(isOpen.indices.filter { isOpen[$0] }.map { peers[$0] }).sorted()
      return missing.map { waiting.names[$0] }.listed(atMost: 4)
    }

    /// One rank speaks for all that wait for the same.
    private func tell(_ text: String) {
      guard rank == (isOpen.indices.contains { isOpen[$0] && peers[$0] == 0 } ? 1 : 0) else { return }
      StandardStream.remark("\(waiting.names[rank]): \(text)\n")
    }

    private func check(_ code: Int32, _ peer: Int?) throws {
      guard code != MPI_SUCCESS else { return }
      var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
      var length: Int32 = 0
      MPI_Error_string(code, &text, &length)
      let words = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
      let other = peer.map { " and \(waiting.names[$0])" } ?? ""
      throw CollectiveFault("\(waiting.names[rank])\(other): MPI reports \(words)")
    }
  }
#endif
