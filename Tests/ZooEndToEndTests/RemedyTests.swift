import Foundation
import Testing
import ZooTestSupport

/// What messages tell a user to type exists: commands and options in the strings of the sources are those of the built `zoo`.
@Suite struct RemedyTests {
  /// All options of each command, by its name.
  private func commands() throws -> [String: Set<String>] {
    struct Tool: Decodable { var command: Node }
    struct Node: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable { var kind: String, name: String }
        var names: [Name]?
      }
      var commandName: String
      var arguments: [Argument]?
      var subcommands: [Node]?
    }
    let help = try Command().run("--experimental-dump-help")
    let tool = try JSONDecoder().decode(Tool.self, from: Data(help.output.utf8))
    // A command includes the options of its subcommands.
    func names(of node: Node) -> [String] {
      (node.arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind != "short" }.map(\.name)
        + (node.subcommands ?? []).flatMap(names)
    }
    return Dictionary(
      uniqueKeysWithValues: (tool.command.subcommands ?? []).map { ($0.commandName, Set(names(of: $0))) })
  }

  /// The text between quotation marks in every source file, without comments.
  private func literals() throws -> [(file: String, text: String)] {
    let sources = Golden.repository.appending(path: "Sources")
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? []
    // In style sheets, two hyphens begin the name of a variable.
    return try files.filter { $0.hasSuffix(".swift") && !$0.contains("Support/Report/HTML") }.flatMap { file in
      try String(contentsOf: sources.appending(path: file), encoding: .utf8).split(separator: "\n")
        .map { $0.drop { $0 == " " } }.filter { !$0.hasPrefix("//") && ($0.contains("\"") || $0.contains("--")) }
        .map { (file, String($0)) }
    }
  }

  @Test func everyCommandAndOptionThatAMessageNamesExists() throws {
    let commands = try commands(), options = commands.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    #expect(commands.count > 10 && options.contains("as"))
    // Planned commands and options: remove them from this list when they are added.
    let coming: Set<String> = []
    var named = 0
    for (file, text) in try literals() {
      for match in text.matches(of: /[`']zoo ([a-z-]+)((?: [^'`"]*)?)[`']/) where !coming.contains(String(match.1)) {
        named += 1
        let known = try #require(commands[String(match.1)], "\(file): there is no 'zoo \(match.1)': \(text)")
        for option in match.2.matches(of: /--([a-z][a-z-]+)/) {
          #expect(known.contains(String(option.1)), "\(file): 'zoo \(match.1)' has no --\(option.1): \(text)")
        }
      }
      for option in text.matches(of: /(?:^|[^-\w\/])--([a-z][a-z-]+)/) where !coming.contains(String(option.1)) {
        named += 1
        #expect(options.contains(String(option.1)), "\(file): there is no --\(option.1): \(text)")
      }
    }
    #expect(named > 40)
  }
}
