import ARBEx
import Foundation

// For `check`: what the conformance kit says of this package's components, and numbers worked out by hand.
if CommandLine.arguments.dropFirst() == ["kit"] {
  let boxes = [(0, 0, 168, 168), (56, 0, 224, 168), (28, 56, 196, 224), (0, 0, 224, 224)].map {
    Box(left: $0.0, top: $0.1, right: $0.2, bottom: $0.3)
  }
  let examples: [WorkedExample] = [
    // 224 · 3/4 = 168, 224 / 4 = 56, 224 / 8 = 28.
    .boxes(of: Regions(.init()), width: 224, height: 224, are: boxes),
    .factors(of: StraightSchedule(.init()), epochs: 4, are: [(0, 1), (1, 0.75), (4, 0)]),
    .steps(
      of: SignDescent(.init()), from: [1, 1, 1], learningRate: 0.25, gradients: [[3, 0, -0.1], [1, 1, 1]],
      lead: [[0.75, 1, 1.25], [0.5, 0.75, 1]]),
  ]
  let findings =
    ConformanceKit.problems(in: try Registry(plugins: [OutsidePlugin.self]))
    + examples.flatMap(ConformanceKit.check)
  for finding in findings { print(finding) }
  exit(findings.isEmpty ? 0 : 1)
}
CommandLineTool.main(plugins: [OutsidePlugin.self])
