import ArgumentParser
import CProcess
import Foundation

/// The command: one file per subcommand.
@main
struct Zoo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo",
    abstract: "Converts, keeps and explains CLIP-like vision-language models, on a CPU.",
    version: String(cString: zoo_version()),
    subcommands: [
      ConvertCommand.self, ExportCommand.self, ListCommand.self, ShowCommand.self, InspectCommand.self,
      ExplainCommand.self, MethodsCommand.self, ScoreCommand.self, CompareCommand.self, EvalCommand.self,
      EmbedCommand.self, SearchCommand.self, ServeCommand.self, BenchCommand.self,
      PullCommand.self, VerifyCommand.self, RemoveCommand.self, DiskUsageCommand.self, DoctorCommand.self,
    ])

  static func main() async {
    zoo_catch_faults()
    Output.keepDescriptors()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Output.leave(0)
    } catch {
      Failure.exit(with: error)
    }
  }
}
