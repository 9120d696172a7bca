import Foundation
import Support

/// Trainings and predictions in odd surroundings: other hashes, languages, clocks, limits, streams, folders. Each trial
/// has the number of its place in the list and the name of its fault in `README.md`.
struct Surroundings {
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  /// A trial: what it is called, and what it makes of a run's folder that does not exist yet.
  struct Trial: Sendable {
    let name: String
    let make: @Sendable (Laboratory, String) throws -> String?
  }

  func run() throws {
    let laboratory = try Laboratory(options)
    let brief = Self.sameBytes + Self.streams + Self.limits + Self.folders + Mishaps.all
    let all = brief + LongRuns.all
    // The short form takes some of those that are soon over, from the whole list.
    let numbers =
      options.count == 0
      ? Array(all.indices) : Array(stride(from: 0, to: brief.count, by: max(1, brief.count / options.count)))
    Lanes.run(numbers, options, tally) { number in
      let run = options.folder + "/surroundings\(number)"
      do {
        try FileManager.default.createDirectory(atPath: run + ".told", withIntermediateDirectories: true)
        if let problem = try all[number].make(laboratory, run) {
          return .fault("\(all[number].name): \(problem)")
        }
        laboratory.remove(run)
        return .survived
      } catch { return .fault("\(all[number].name): the harness failed: \(error)") }
    }
  }

  /// Environments that may change nothing.
  private static let sameBytes: [Trial] =
    (1...20).map {
      Trial.same("C3 hash seed \($0)", $0 % 4 == 0 ? ["SWIFT_DETERMINISTIC_HASHING": "1"] : [:])
    }
    + [1, 2, 3, 4, 7].map { .same("C2 \($0) threads", ["ARBEX_THREADS": "\($0)"]) }
    + [
      .same("C5 German", ["LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"]),
      .same("C5 Turkish", ["LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"]),
      .same("C5 no language", ["LANG": "C", "LC_ALL": "POSIX"]),
      .same("C5 far east", ["TZ": "Pacific/Kiritimati"]), .same("C5 wrong time zone", ["TZ": "nowhere"]),
      .same("C5 no home", ["HOME": nil]), .same("C5 a home that is no folder", ["HOME": "/dev/null"]),
      .same("C9 memory filled with 0x5A", ["MALLOC_PERTURB_": "165"]),
      .same("C9 memory filled with 0xA5", ["MALLOC_PERTURB_": "90"]),
      .same("J8 clock that jumps by an hour", ["FAULT_CLOCK": "jump"]),
      .same("J8 clock before 1970", ["FAULT_CLOCK": "-3000000000"]),
      .same("C8 last in line for the processor", [:], before: "nice -n 19"),
      .same("H10 no colour, no width", ["NO_COLOR": "1", "COLUMNS": "0", "TERM": nil]),
      .same("H10 a width of 20", ["COLUMNS": "20"]), .same("H10 a width of 500", ["COLUMNS": "500"]),
    ]

  /// Streams that are closed, full, or that nobody reads.
  private static let streams: [Trial] = [
    .same("H10 standard input closed", [:], after: "<&-"),
    .same("H10 standard error closed", [:], after: "2>&-"),
    .same("J4 standard error full", [:], after: "2> /dev/full"),
    .same("H9 nobody reads", [:], after: "2>&1 | true", endsAsTold: false),
    .same("H9 one line is read", [:], after: "2>&1 | head -1", endsAsTold: false),
    Trial(name: "H9 results nobody reads") { laboratory, run in
      let picture = laboratory.project + "/Tests/Fixtures/Images"
      let end = try laboratory.shell(
        "\"$0\" predict \(laboratory.folder)/reference/run \(picture) --lines | head -1",
        scratch: run + ".told")
      return end.output.split(separator: "\n").count == 1 && !end.tookTooLong
        ? nil : "\(end.ending): \(end.output)"
    },
  ]

  /// Limits that the system sets: works, or says why not.
  private static let limits: [Trial] = [
    .limited("J6 64 open files", "ulimit -n 64"), .limited("J6 16 open files", "ulimit -n 16"),
    .limited("A6 files of 32 KB", "ulimit -f 32"), .limited("J5 600 MB of addresses", "ulimit -v 600000"),
    .limited("J5 300 MB of addresses", "ulimit -v 300000"), .limited("J5 a stack of 256 KB", "ulimit -s 256"),
  ]

  /// Folders in odd places and of odd names.
  private static let folders: [Trial] = [
    Trial(name: "A8 a file where the folder should be") { laboratory, run in
      try Data("file".utf8).write(to: URL(fileURLWithPath: run))
      let end = try laboratory.arbex(
        ["train", laboratory.recipe, "--out", run + "/below"], scratch: run + ".told")
      return end.code == 2 && end.remarks.contains(" ") ? nil : "\(end.ending); \(end.lastWords)"
    },
    Trial(name: "A13 two processes") { laboratory, run in
      let end = try laboratory.shell(
        """
        "$0" train \(laboratory.recipe) --out \(run) --set training.epochs=200 & first=$!
        until [ -e \(run)/checkpoints/last.safetensors ]; do sleep 0.05; done
        "$0" train \(run) --resume; echo "second $?"
        kill -9 $first; wait $first
        "$0" train \(run) --resume --max-steps 1; echo "third $?"
        """, scratch: run + ".told")
      let isRight =
        end.output.contains("second 2") && end.output.contains("third 0")
        && end.remarks.contains("another process")
      return isRight ? nil : "\(end.output); \(end.lastWords)"
    },
    Trial(name: "A14 moved, linked, and named oddly") { laboratory, run in
      let names = ["one", "with blanks and é", String(repeating: "long", count: 60), "the-end"]
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      for (step, name) in names.enumerated() {
        let path = run + "/" + name
        if step > 0 { try FileManager.default.moveItem(atPath: run + "/" + names[step - 1], toPath: path) }
        let limit = step == names.count - 1 ? [] : ["--max-steps", "\(step + 1)"]
        if step == 2 { symlink(path, run + "/link") }
        let out = step == 2 ? run + "/link" : path
        let end = try laboratory.arbex(
          ["train", laboratory.recipe, "--out", out] + (step > 0 ? ["--resume"] : []) + limit,
          scratch: run + ".told")
        guard end.code == 0 else { return "as \(name): \(end.ending); \(end.lastWords)" }
      }
      return laboratory.difference(run + "/the-end")
    },
    HostileRecipes.trial,
    Trial(name: "D9 a recipe of a gigabyte") { laboratory, run in
      let end = try laboratory.shell(
        "truncate -s 1G \(run).json5; \"$0\" recipe check \(run).json5; code=$?; rm \(run).json5; exit $code",
        scratch: run + ".told")
      return end.code == 2 && end.seconds < 10
        ? nil : "\(end.ending) after \(end.seconds) s; \(end.lastWords)"
    },
  ]
}

extension Surroundings.Trial {
  /// The run must come to the same bytes.
  /// - Parameters:
  ///   - environment: what is other in it; nil takes a variable away.
  ///   - before, after: what a shell puts around the command.
  ///   - endsAsTold: whether the exit code is the program's own.
  static func same(
    _ name: String, _ environment: [String: String?], before: String = "", after: String = "",
    endsAsTold: Bool = true
  ) -> Self {
    Self(name: name) { laboratory, run in
      let end = try laboratory.shell(
        "\(before.isEmpty ? "" : before + " ")\"$0\" train \(laboratory.recipe) --out \(run) \(after)",
        environment, scratch: run + ".told")
      guard end.code == 0 || (!endsAsTold && end.code != nil) else {
        return "\(end.ending); \(end.lastWords)"
      }
      return laboratory.difference(run)
    }
  }

  /// The run must come to the same bytes, or end with 1 and a sentence and then be resumed without the limit.
  static func limited(_ name: String, _ limit: String) -> Self {
    Self(name: name) { laboratory, run in
      let end = try laboratory.shell(
        "\(limit); exec \"$0\" train \(laboratory.recipe) --out \(run)", scratch: run + ".told")
      if end.code == 0 { return laboratory.difference(run) }
      guard end.code == 1, end.remarks.contains(" ") else { return "\(end.ending); \(end.lastWords)" }
      return try laboratory.goOn(run)
    }
  }
}
