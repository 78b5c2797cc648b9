import ArgumentParser

struct ConvertCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "convert") }
struct InspectCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "inspect") }
