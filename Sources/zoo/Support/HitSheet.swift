import Foundation
import ZooDrawing
import ZooEvaluate
import ZooExplain
import ZooImages
import ZooRuntime
import ZooTensors

/// The hits of a search with their heat maps, on one sheet.
struct HitSheet {
  private let explainer: Explainer
  private let loader: PictureLoader
  private let format: Sheet.Format
  private let path: String
  private static let alpha = 0.6

  init(_ path: String, explainer: Explainer, loader: PictureLoader) throws {
    let ending = path.pathExtension.lowercased()
    guard let format = Sheet.Format(rawValue: ending) else { throw CallError.wrongEnding(path, needed: "png") }
    (self.path, self.explainer, self.loader, self.format) = (path, explainer, loader, format)
  }

  /// Writes the sheet and returns its path.
  ///
  /// - Parameters:
  ///   - names: The names of the queries.
  ///   - queries: The direction of each, normalised.
  func write(
    _ names: [String], _ queries: [[Float]], _ hits: [[EmbeddingSearch.Hit]], _ source: String
  ) throws -> String {
    let paths = hits.flatMap { $0.compactMap(\.line.path) }
    var destination = try Destination(path, ending: format.rawValue, results: 1, inputs: paths, folders: [])
    let sections = try names.indices.map { query in
      let prompt = try explainer.prepare(PromptEmbeddings(names: [names[query]], vectors: [queries[query]]))
      return Sheet.Section(
        heading: names[query],
        tiles: try hits[query].enumerated().map { rank, hit in
          let seen = try loader.load(indexed: hit.line.path ?? "").input
          let found = try explainer.explain([seen.tensor], prompt)[0].prompts[0].heatmap, size = found.pictureSize
          let covered = seen.picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
          return Sheet.Tile(
            overlay(found.pixels(), on: covered, alpha: Self.alpha), caption: "\(rank + 1)  \(hit.line.id)",
            details: [formatted("similarity %.3f", hit.similarity)])
        })
    }
    let sheet = Sheet(
      title: "What is nearest in \(source)", facts: try sheetFacts([explainer]), sections: sections,
      columns: min(5, hits.map(\.count).max() ?? 1), tileSize: 208,
      legend: .alone(.jet, alpha: Self.alpha))
    return try destination.write(try sheet.data(as: format), as: "")
  }
}
