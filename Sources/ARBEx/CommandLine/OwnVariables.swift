import FERCore
import Ranks
import Support
import TensorKit

/// The variables of the environment that arbex listens to.
enum OwnVariables {
  /// What the names of all begin with.
  private static let beginning = "ARBEX_"
  /// Those that people set.
  private static let known = [
    Kernels.variable, Ranks.patienceVariable, ShippedRecipes.variable, ThreadChoice.variable,
  ].sorted()
  /// Those of the program itself, of its build and of its tests.
  private static let others = [KernelChoice.guardVariable, "ARBEX_SUITES", "ARBEX_HOSTILE_FOLDER"]

  /// What to tell of each that would be arbex's by its name and is none: a mistyped one changes nothing in silence.
  static func remarks(on environment: [String: String]) -> [String] {
    let strangers = environment.keys.filter { $0.hasPrefix(beginning) && !(known + others).contains($0) }
    return strangers.sorted().map { name in
      "\(name.printable): arbex listens to no such variable" + NearestName.suggestion(for: name, among: known)
        + "\n  known: \(known.joined(separator: ", "))"
    }
  }
}
