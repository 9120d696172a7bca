import ARBEx
import FERCore
import FERTraining
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FERTools
@testable import Support

/// Who gets a job of a sweep, and who loses it. Other processes and machines are marks that say so.
@Suite("Jobs taken by several processes")
final class JobBoardTests {
  private let folder = TestFolder()
  private let place: SweepFolder
  private let jobs: [SweepJob]

  init() throws {
    let text = """
      { base: "\(ShippedRecipe.path("quickstart"))", axes: [{ key: "training.epochs", values: [1, 2] }], seeds: [1, 2] }
      """
    try Data(text.utf8).write(to: folder.url("s.json5"))
    jobs = try SweepFile.read(folder / "s.json5").jobs(registry: try Registry.builtins())
    place = try SweepFolder(folder / "out")
  }

  /// Has just looked.
  private func board(silence: Double = 300) throws -> JobBoard {
    let board = JobBoard(in: place, silence: silence)
    try board.look()
    return board
  }

  private let stranger = ProcessIdentity(host: "bob", process: 7, machine: "elsewhere", start: 1)

  /// The mark of another machine's process.
  private func strangersMark(_ job: SweepJob, _ number: Int = 1, silence: Double = 8) throws -> JobMark {
    let path = place.mark(job, number)
    let content = JobMark.Content(owner: stranger, silence: silence, since: 0)
    let isMade = try JobMark.make(path, content)
    try #require(isMade)
    return JobMark(path, number)
  }

  private var marks: [String] { get throws { try FolderNames.all(in: place.path + "/claims") } }

  @Test("a job is one process's until it leaves it; no mark is ever removed, so no number comes twice")
  func taking() throws {
    let (first, second) = (try board(), try board())
    let claim = try #require(try first.take(jobs[0]))
    #expect(claim.predecessor == nil)
    // The second looked before there was a mark, and finds out by trying.
    #expect(try second.take(jobs[0]) == nil)
    #expect(try first.take(jobs[0]) == nil)
    try #require(try second.take(jobs[1])).end()
    claim.end()
    let later = try #require(try second.take(jobs[0]))
    #expect(later.predecessor == nil)
    // Who still sees the first mark alone cannot take what the second has.
    #expect(try first.take(jobs[0]) == nil)
    #expect(try marks == ["epochs=1,seed-1.taken-1", "epochs=1,seed-1.taken-2", "epochs=1,seed-2.taken-1"])
    later.end()
  }

  @Test("of many that try at the same moment one gets it", arguments: 0..<20)
  func sameMoment(round: Int) throws {
    let boards = try (0..<8).map { _ in try board() }
    nonisolated(unsafe) let (all, job) = (boards, jobs[0])
    let outcomes = Mutex<[Result<JobClaim?, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: all.count) { number in
      let outcome = Result { try all[number].take(job) }
      outcomes.withLock { $0.append(outcome) }
    }
    let claims = try outcomes.withLock { $0 }.compactMap { try $0.get() }
    #expect(claims.count == 1)
    claims.forEach { $0.end() }
  }

  @Test("of this machine, a process that has ended is known at once; another machine's counts as alive")
  func ended() throws {
    let current = ProcessIdentity.current
    let gone = ProcessIdentity(
      host: current.host, process: current.process, machine: current.machine, start: (current.start ?? 0) + 1)
    let content = JobMark.Content(owner: gone, silence: 300, since: 0)
    #expect(try JobMark.make(place.mark(jobs[0], 1), content))
    #expect(try !JobMark.make(place.mark(jobs[0], 1), content))
    _ = try strangersMark(jobs[1])
    let board = try board()
    let claim = try #require(try board.take(jobs[0]))
    #expect(claim.predecessor == gone)
    #expect(try board.take(jobs[1]) == nil)
    claim.end()
  }

  /// The mark states 8 s: with looks every 2 s it is over after four of them; a longer gap counts 8 / 4 = 2 s.
  @Test(
    "silence is what one process sees by its own clock; a sign of life ends it; not to have looked counts little"
  )
  func silence() throws {
    let mark = try strangersMark(jobs[0], silence: 8)
    let board = try board()
    #expect([0, 2, 4, 6, 8].map { board.isSilent(mark, at: $0) } == [false, false, false, false, true])

    // The clock of a file system may stand still for some milliseconds.
    repeat { #expect(JobMark.touch(mark.path) == 0) } while JobMark(mark.path, 1).stamp == mark.stamp
    let touched = JobMark(mark.path, 1)
    #expect([10, 11, 13, 15].map { board.isSilent(touched, at: $0) } == [false, false, false, false])
    #expect([10_000, 20_000].map { board.isSilent(touched, at: $0) } == [false, true])
  }

  @Test("a mark that says nothing, as of a process that was killed over it, is free after silence alone")
  func empty() throws {
    try Data().write(to: URL(fileURLWithPath: place.mark(jobs[0], 1)))
    #expect(try board(silence: 8).take(jobs[0]) == nil)
    let board = try board(silence: 8)
    let mark = try #require(board.mark(of: jobs[0]))
    #expect(mark.content == nil && !mark.hasEnded)
    for second in 0..<8 { #expect(!board.isSilent(mark, at: 1e6 + Double(second))) }
    #expect(board.isSilent(mark, at: 1e6 + 9))
  }

  @Test(
    "a claim gives signs of life by itself; one that was taken over lets nothing be written, and says by whom"
  )
  func takenOver() throws {
    let claim = try #require(try board(silence: 2).take(jobs[0]))
    let path = place.mark(jobs[0], 1)
    let before = FileStamp(path)
    for _ in 0..<100 where FileStamp(path) == before { usleep(50_000) }
    #expect(FileStamp(path) != before)

    try FileSystem.makeFolder(place.run(jobs[0]))
    try AtomicFile.write("mine", to: place.run(jobs[0]) + "/result.json")
    try claim.check()
    // It did not see it yet: it is asked before anything is written.
    _ = try strangersMark(jobs[0], 2)
    let loss = #expect(throws: JobLost.self) {
      try AtomicFile.write("late", to: place.run(jobs[0]) + "/result.json")
    }
    #expect(loss?.isTakenOver == true && loss?.isRequest == false)
    #expect(
      loss?.description.hasPrefix("process 7 on bob has taken it over, since this one gave no sign") == true)
    #expect(throws: JobLost.self) { try claim.check() }
    #expect(try FileSystem.text(of: place.run(jobs[0]) + "/result.json") == "mine")
    claim.end()
    // To end it frees nothing that is another's.
    #expect(try board().take(jobs[0]) == nil)
  }

  @Test("where its mark is gone, a process cannot know who has the job, and leaves it")
  func unmarked() throws {
    let claim = try #require(try board().take(jobs[0]))
    #expect(unlink(place.mark(jobs[0], 1)) == 0)
    let loss = #expect(throws: JobLost.self) { try claim.confirm() }
    #expect(loss?.isTakenOver == false)
    #expect(loss?.description.contains("taken-1: cannot be touched: there is no such file") == true)
    claim.end()
  }

  @Test("a run is taken away from a process that holds its lock and its logs open")
  func takeAway() throws {
    let run = place.run(jobs[0])
    try FileSystem.makeFolder(run)
    let lock = try FileLock(run + "/lock")
    try Data("one\n".utf8).write(to: URL(fileURLWithPath: run + "/metrics.jsonl"))
    let open = try FileHandle(forWritingTo: URL(fileURLWithPath: run + "/metrics.jsonl"))
    try RunFolder.takeAway(run, from: stranger)
    #expect(try FileLock(run + "/lock") == nil, "the lock is not that process's")
    try RunFolder.takeAway(run, from: .current)
    #expect(try FileLock(run + "/lock") != nil)
    try open.seekToEnd()
    try open.write(contentsOf: Data("two\n".utf8))
    #expect(try FileSystem.text(of: run + "/metrics.jsonl") == "one\n")
    withExtendedLifetime(lock) {}
  }

  @Test("how jobs stand, for people")
  func status() throws {
    let claim = try #require(try board().take(jobs[0]))
    let mark = try strangersMark(jobs[1], silence: 8)
    let sign = try #require(mark.lastSign)
    func status(_ job: Int, now: Double) throws -> [String] {
      try JobStatus(of: jobs[job], in: place, board(), leavesOutAbsentData: false, now: now).row(now: now)
    }
    #expect(try status(0, now: sign)[...1] == ["in work", ProcessIdentity.current.description])
    #expect(try status(1, now: sign + 8) == ["in work", "process 7 on bob", "1970-01-01 00:00", "0:08 ago"])
    #expect(try status(1, now: sign + 9) == ["silent", "process 7 on bob", "1970-01-01 00:00", "0:09 ago"])
    #expect(try status(2, now: sign) == ["open", "", "", ""])
    claim.end()
    #expect(try status(0, now: sign)[0] == "interrupted")
    try place.fail(jobs[0], "no reason")
    #expect(try status(0, now: sign)[0] == "failed")
    try FileSystem.makeFolder(place.run(jobs[0]))
    try Data(#"{ "seconds": 90 }"#.utf8).write(to: URL(fileURLWithPath: place.run(jobs[0]) + "/result.json"))
    #expect(try status(0, now: sign)[0] == "done")
  }
}
