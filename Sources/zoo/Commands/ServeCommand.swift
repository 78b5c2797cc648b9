import ArgumentParser
import Foundation
import ZooModels
import ZooRuntime
import ZooServer
import ZooStore
import ZooTensors

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the installed models: a page for the browser and an HTTP API for programs.",
    discussion: """
      Open the address that is printed in a browser. The server can only be reached from this machine, unless --host says otherwise; then every \
      request needs the token. /openapi.json describes the API: /v1/explain, /v1/score, /v1/embeddings, /v1/models, /healthz, /metrics.
      """)

  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: "The port to listen on; 0 picks a free one.")
  var port = 8080

  @Option(
    name: .customLong("name"),
    help: ArgumentHelp("With --host: another name under which the server can be reached.", valueName: "host"))
  var names: [String] = []

  @Option(help: "The token that every request must carry; if --host needs one, it is generated and printed.")
  var token: String?

  @Option(help: ArgumentHelp("Maximum size of the weights kept in memory, in gigabytes.", valueName: "gigabytes"))
  var memory = 8.0

  @OptionGroup var runOptions: RunOptions

  mutating func validate() throws {
    guard (0...65535).contains(port) else { throw ValidationError("--port must be between 0 and 65535.") }
    guard (0.01...1024).contains(memory) else { throw ValidationError("--memory must be between 0.01 and 1024.") }
    if let token, token.isEmpty || token.contains(where: { !$0.isASCII || $0.isWhitespace }) {
      throw ValidationError("--token must be letters, digits or signs of ASCII without spaces.")
    }
  }

  func run() async throws {
    let store = ModelStore(), runOptions = runOptions
    var limits = ServerLimits()
    limits.modelBytes = Int(memory * 1e9)
    var address = ZooServer.Address()
    (address.host, address.port, address.names) = (host, port, names)
    let isLocal = ["127.0.0.1", "::1", "localhost"].contains(host)
    address.token = token ?? (isLocal ? nil : Self.newToken())
    let server = ZooServer(
      store: store,
      tools: ServerTools(
        open: { directory, progress in
          let model = try runOptions.open(directory, of: store)
          model.keepText()
          runOptions.prepare(model, passes: 2, progress: progress)
          return model
        },
        size: { try PictureOptions.parse($0, patch: $1) },
        words: { Failure.sentence(for: $0)?.replacing("\n  ", with: "; ") }),
      version: Zoo.configuration.version, limits: limits)
    let taken = try server.start(address)
    let shown = host.contains(":") ? "[\(host)]" : host == "0.0.0.0" ? "127.0.0.1" : host
    let page = "http://\(shown):\(taken)/" + (address.token.map { "#token=\($0)" } ?? "")
    Output.write(page)
    try Output.flush()
    if !runOptions.quiet {
      Terminal.note("Open this page in a browser; Ctrl-C ends the server.")
      if store.installed().isEmpty { Terminal.note("No model is installed yet: 'zoo convert FILE' brings one in.") }
    }
    await Interruption.wait()
    server.stop()
  }

  /// 128 random bits.
  private static func newToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in formatted("%016lx", UInt(generator.next() as UInt64)) }.joined()
  }
}
