import Support
import TensorKit
import Testing

@Suite("Choice of threads")
struct ThreadChoiceTests {
  @Test(
    "as many as there are cores whose time may be had, or fewer where somebody asks for fewer",
    arguments: [
      (8, nil, nil, 8), (8, 2.0, nil, 2), (8, 1.5, nil, 2), (8, 0.2, nil, 1), (2, 16.0, nil, 2),
      (8, nil, "3", 3), (8, nil, "8", 8), (8, nil, "32", 8), (8, 2, "4", 2), (1000, nil, nil, 256),
      (4, 1e300, nil, 4), (4, nil, "abc", 4),
    ] as [(Int, Double?, String?, Int)])
  func count(cores: Int, quota: Double?, asked: String?, expected: Int) {
    #expect(ThreadChoice(cores: cores, quota: quota, asked: asked).threads == expected)
  }

  @Test(
    "processes of one launcher share cores that they were not given, the machine's otherwise, and a quota in any case",
    arguments: [
      (8, 32, nil, false, 2), (8, 32, nil, true, 8), (16, 32, nil, true, 8), (1, 32, nil, true, 1),
      (8, 32, 2.0, true, 1), (8, 8, 6.0, false, 2), (2, 2, nil, false, 1), (8, 8, nil, true, 2),
    ] as [(Int, Int, Double?, Bool, Int)])
  func shared(cores: Int, machine: Int, quota: Double?, isBound: Bool, expected: Int) {
    let launch = Launch(environment: [
      "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
      "OMPI_MCA_orte_bound_at_launch": isBound ? "1" : "0",
    ])
    func choice(_ asked: String?) -> ThreadChoice {
      ThreadChoice(cores: cores, of: machine, quota: quota, asked: asked, launch: launch)
    }
    #expect(choice(nil).threads == expected)
    guard expected < cores else { return }
    let remark = choice("\(cores)").remark ?? ""
    #expect(remark.contains("\(isBound ? machine : cores) are shared by 4 processes"), "\(remark)")
  }

  @Test(
    "what is no number of threads is told",
    arguments: ["abc", "0", "-1", "1.5", "", " 2", "257", "99999999999999999999", "1e2", "٣"])
  func problem(word: String) {
    #expect(
      ThreadChoice(cores: 2, quota: nil, asked: word).problem
        == "ARBEX_THREADS: must be a whole number of at least 1 and at most 256, is \"\(word)\"; unset it to use every core"
    )
  }

  @Test("more threads than cores are told, with both numbers and the reason")
  func remark() {
    #expect(ThreadChoice(cores: 2, quota: nil, asked: "2").remark == nil)
    #expect(ThreadChoice(cores: 2, quota: nil, asked: nil).problem == nil)
    #expect(
      ThreadChoice(cores: 2, quota: nil, asked: "32").remark
        == "ARBEX_THREADS=32: this process may use 2 cores, so 2 threads compute; results do not depend on it"
    )
    #expect(
      ThreadChoice(cores: 8, quota: 0.5, asked: "4").remark
        == "ARBEX_THREADS=4: this process may use 1 core (a quota of 0.50 of 8), so 1 thread computes; "
        + "results do not depend on it")
  }
}
