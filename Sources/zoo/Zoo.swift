import ArgumentParser

@main
struct Zoo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo", abstract: "Convert, keep and explain CLIP-like models.")
}
