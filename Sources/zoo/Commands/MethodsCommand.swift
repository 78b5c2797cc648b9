import ArgumentParser
import Foundation
import ZooExplain
import ZooModels
import ZooRuntime
import ZooStore

struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods", abstract: "Lists the explanation methods, their sources and options.",
    discussion: "With a model, it also says which of them run on it, and why the others do not.")

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  struct Report: Encodable {
    struct Option: Encodable {
      let name: String
      let values: String
      let standard: String
      let help: String
    }

    let method: String
    let title: String
    let summary: String
    let source: String
    let cost: String
    let options: [Option]
    /// Nil if no model was given.
    var runs: Bool?
    /// Why the method does not run on the model.
    var reason: String?

    init(_ info: MethodInfo, on model: ZooModel?) throws {
      (method, title, summary) = (info.id, info.title, info.summary)
      (source, cost) = (info.source, info.cost)
      options = info.options.map { Option(name: $0.name, values: $0.values, standard: $0.standard, help: $0.help) }
      guard let model else { return }
      let obstacle = try HeatmapMethod(named: info.id).obstacle(on: model)
      runs = obstacle == nil
      reason = obstacle?.reason
    }

    var text: String {
      var lines = ["\(method)  \(title)", "  \(summary)", "  source: \(source)", "  needs: \(cost)"]
      lines += options.map { "  --\($0.name)  \($0.help): \($0.values) (by default \($0.standard))" }
      if let runs { lines.append(runs ? "  runs on this model" : "  does not run on this model: \(reason ?? "")") }
      return lines.joined(separator: "\n")
    }
  }

  func run() throws {
    let opened = try model.map { try ZooModel(directory: ModelStore().resolve($0)) }
    let reports = try HeatmapMethod.all.map { try Report($0, on: opened) }
    if json { return try printJSON(reports) }
    print(reports.map(\.text).joined(separator: "\n\n"))
  }
}
