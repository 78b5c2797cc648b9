import ArgumentParser

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Measures how well heat maps find things, by the protocols of the field.",
    discussion: """
      Without a protocol's name, pointing is meant. With --run, a run is a folder: settings, and a line of JSON for each picture, written as \
      it is measured; --resume goes on after any interruption, --shard i/n measures a part, 'zoo eval merge' puts parts together.
      """,
    subcommands: [
      PointingCommand.self, SegmentationCommand.self, PointsCommand.self, PerturbationCommand.self, MergeCommand.self,
    ], defaultSubcommand: PointingCommand.self)
}
