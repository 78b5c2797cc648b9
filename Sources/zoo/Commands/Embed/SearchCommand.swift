import ArgumentParser
import Foundation
import ZooEvaluate
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Finds the embeddings that are nearest to prompts or pictures.",
    discussion: """
      The folder was written by 'zoo embed', or holds the folders of its shards. The search is exact, by cosine. With --explain, one sheet shows \
      which part of each hit matches.
      """)

  @Argument(help: ArgumentHelp("A folder written by 'zoo embed'.", valueName: "embeddings"), completion: .directory)
  var embeddings: String

  @Argument(help: "What to look for.")
  var prompts: [String] = []

  @Option(help: ArgumentHelp("A picture to look for.", valueName: "file"), completion: .file())
  var image: [String] = []

  @Option(name: [.customShort("k"), .customLong("count")], help: "Number of hits for each query.")
  var count = 20

  @Option(
    help: ArgumentHelp(
      "The model, if it is not installed under its name: a name or a directory.", valueName: "model"),
    completion: .installedModels)
  var model: String?

  @Flag(help: "Draw the hits with their heat maps on one sheet.")
  var explain = false

  @Option(help: "Method of the heat maps, with its options.")
  var method = LeGrad.info.id

  @Option(
    name: [.short, .customLong("output")],
    help: ArgumentHelp("File of the sheet: .png, .svg or .pdf.", valueName: "file"))
  var output = "hits.png"

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var runOptions: RunOptions

  func validate() throws {
    if prompts.isEmpty, image.isEmpty {
      throw ValidationError("There is nothing to look for: give a prompt or --image.")
    }
    if !(1...100_000).contains(count) { throw ValidationError("-k must be between 1 and 100000.") }
  }

  func run() throws {
    var notes = Notes(isQuiet: runOptions.quiet)
    let search = try EmbeddingSearch(embeddings), description = search.description
    if explain, description.kind == .texts {
      throw CallError.ignored(option: "--explain", reason: "the embeddings are those of prompts")
    }
    let model = try runOptions.load(model ?? description.model)
    try search.check(model, embeddings)
    if search.missing > 0 {
      notes.add("\(search.missing) of \(description.inputs) inputs have no line in the index: a run is not at its end.")
    }
    let loader = { try Self.loader(for: model, description) }
    if !prompts.isEmpty { try notes.add(remarksOn: prompts, of: model) }
    let explainer = Explainer(model: model, method: try HeatmapMethod(method))
    let texts = prompts.isEmpty ? [] : try explainer.prepare(prompts).embeddings
    let pictures = try image.map { path in
      normalised(try model.imageEmbeddings([loader().load(path: path).input.tensor])[0])
    }
    let names = prompts + image, queries = texts + pictures
    let found = search.nearest(to: queries, count: count, parallel: runOptions.parallel)
    var report = SearchReport(
      model: model.name, embeddings: search.count, width: description.width, notes: notes.all,
      queries: zip(names, found).map { SearchReport.Query(query: $0, hits: $1) })
    if explain {
      report.sheet = try HitSheet(output, explainer: explainer, loader: loader()).write(
        names, queries, found, embeddings)
    }
    try report.print(json: json)
  }

  /// Loads pictures as they were embedded.
  private static func loader(for model: ZooModel, _ description: EmbeddingDescription) throws -> PictureLoader {
    func value(_ name: String) -> String? { description.pictures.first { $0.name == name }?.value }
    var preprocessing = try model.preprocessing
    if let size = value("size"), value("resize") == "naflex",
      let count = size.split(separator: " ").first.flatMap({ Int($0) })
    {
      preprocessing.naflex?.maxPatches = count
      return PictureLoader(preprocessing: preprocessing, upright: value("upright") == "yes")
    }
    preprocessing.naflex = nil
    if let size = value("size"), size != preprocessing.size.description {
      preprocessing.scale(to: try PictureOptions.parse(size, patch: try model.vision.tower.patch))
    }
    if let mode = value("resize").flatMap({ Preprocessing.ResizeMode(rawValue: $0) }) {
      preprocessing.resizeMode = mode
    }
    return PictureLoader(preprocessing: preprocessing, upright: value("upright") == "yes")
  }
}

/// The output of `zoo search`. Fields are only ever added.
private struct SearchReport: Encodable {
  let schema = 1
  let model: String
  /// The number of embeddings searched.
  let embeddings: Int
  let width: Int
  let notes: [String]
  let queries: [Query]
  var sheet: String?

  struct Query: Encodable {
    let query: String
    let hits: [Hit]

    init(query: String, hits: [EmbeddingSearch.Hit]) {
      self.query = query
      self.hits = hits.map { Hit(id: $0.line.id, path: $0.line.path, index: $0.line.index, similarity: $0.similarity) }
    }
  }

  struct Hit: Encodable {
    let id: String
    let path: String?
    /// The index of the input.
    let index: Int
    let similarity: Float
  }

  func print(json: Bool) throws {
    if json { return try printJSON(self) }
    for query in queries {
      var table = Table(["RANK", "SIMILARITY", queries.count > 1 ? printable(query.query) : "HIT"], right: [0, 1])
      for (rank, hit) in query.hits.enumerated() {
        table.add(["\(rank + 1)", formatted("%.4f", hit.similarity), hit.path ?? hit.id])
      }
      Output.write(table.text(within: Terminal.resultWidth))
    }
    if let sheet { Output.write(sheet) }
  }
}
