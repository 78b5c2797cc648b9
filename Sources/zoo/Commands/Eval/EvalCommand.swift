import ArgumentParser

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Measures how well heat maps localise annotated objects, by published protocols.",
    discussion: """
      The default protocol is pointing. --run DIR keeps the settings, and one line of JSON per picture, in a folder; --resume continues after an \
      interruption, --shard i/n measures a part, and 'zoo eval merge' combines parts.
      """,
    subcommands: [
      PointingCommand.self, SegmentationCommand.self, PointsCommand.self, PerturbationCommand.self, MergeCommand.self,
    ], defaultSubcommand: PointingCommand.self)
}
