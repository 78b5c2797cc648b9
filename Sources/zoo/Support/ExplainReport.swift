import Foundation
import ZooExplain
import ZooModels

/// What `zoo explain` says: a table, or JSON. Fields are only ever added.
struct ExplainReport: Encodable {
  var model: String
  var variant: LeGrad.Variant
  /// Layers that took part, counted from 0.
  var layers: [Int]
  var threads: Int
  /// When a prompt counts as absent from a picture.
  var absentRule = "similarity <= empty_similarity, the cosine of the picture with a prompt that names nothing"
  var images: [ImageReport]
  /// Milliseconds.
  var timings: Timings

  struct Timings: Encodable {
    var load = 0.0, text = 0.0, decode = 0.0, explain = 0.0, write = 0.0
  }

  struct ImageReport: Encodable {
    var image: String
    /// Patches: rows and columns.
    var grid: [Int]
    var prompts: [PromptReport]
    var sheets: [String]
    /// Cosine of the picture with the prompt that names nothing: what is not above it counts as absent.
    var emptySimilarity: Float?

    init(_ image: String, scores: [PromptScore], heatmaps: [Heatmap], files: Files, emptySimilarity: Float?) {
      self.image = image
      self.emptySimilarity = emptySimilarity
      grid = heatmaps.first.map { [$0.grid.height, $0.grid.width] } ?? []
      prompts = scores.indices.map {
        PromptReport(
          score: scores[$0], energy: heatmaps[$0].energy, flat: heatmaps[$0].isFlat, files: files.prompts[$0])
      }
      sheets = files.sheets
    }
  }

  struct PromptReport: Encodable {
    var score: PromptScore
    /// Mean of the map before it is scaled to 0...1.
    var energy: Float
    /// True where the map has the same value everywhere.
    var flat: Bool
    var files: [String]

    var remark: String {
      [score.absent ? "absent" : "", flat ? "flat" : ""].filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  struct Files {
    var prompts: [[String]]
    var sheets: [String]
  }

  var text: String {
    images.map { image in
      let sigmoid = image.prompts.contains { $0.score.probability != nil }
      var table = Table(
        ["PROMPT", "SIMILARITY", sigmoid ? "SIGMOID" : "SOFTMAX", "ENERGY", "", "FILE"], right: [1, 2, 3])
      for prompt in image.prompts {
        table.add([
          prompt.score.prompt, String(format: "%.4f", prompt.score.similarity),
          String(format: "%5.1f %%", (prompt.score.probability ?? prompt.score.softmax) * 100),
          String(format: "%.3g", prompt.energy), prompt.remark, prompt.files.first ?? "",
        ])
      }
      return (["\(image.image)", table.text] + image.sheets).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}
