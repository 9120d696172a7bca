import FERCore

/// SCN, which trusts some training images more than others and corrects labels that it is sure to be wrong, and the
/// names in its published files.
package enum SCNPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.heads.register(
      "self-cure", SelfCureHead.self, "class scores that count as much as the face is trusted")
    try registry.losses.register(
      "rank-regularization", RankRegularization.self, "keeps trusted faces of a batch apart from the others")
    try registry.labelPolicies.register(
      "relabel", Relabel.self, "takes samples for the class that the model is sure of")
    try registry.register(PublishedNames.checkpoint)
    try registry.register(ReportSection.importance)
  }
}
