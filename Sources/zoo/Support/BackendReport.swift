import Foundation
import ZooRuntime
import ZooTensors

/// The output of `zoo bench --compare`: a table, or JSON. Fields are only ever added.
struct BackendReport: Encodable {
  let model: String
  let reference: String
  let compared: String
  let precision: Precision
  let pictures: Int
  let maps: Int
  /// Cosine of the image embeddings.
  let embeddingCosine: Spread
  /// Cosine of the prompt embeddings; nil without prompts.
  let promptCosine: Spread?
  /// Spearman's rank correlation of the raw maps.
  let mapRankCorrelation: Spread
  /// Largest difference between the maps, which are scaled to 0...1.
  let mapDifference: Spread
  /// The figures of `zoo eval pointing`, from 0 to 1; null without `--data`.
  let evaluation: [Change]?

  struct Change: Encodable {
    let figure: String
    let reference: Double
    let compared: Double
  }

  struct Spread: Encodable {
    let minimum: Float
    let median: Float
    let maximum: Float

    init(_ values: [Float]) {
      let sorted = values.sorted()
      minimum = sorted.first ?? .nan
      median = sorted.isEmpty ? .nan : sorted[sorted.count / 2]
      maximum = sorted.last ?? .nan
    }
  }

  var text: String {
    var table = Table(["", "MINIMUM", "MEDIAN", "MAXIMUM"], right: [1, 2, 3])
    for (name, spread) in [
      ("cosine of image embeddings", embeddingCosine), ("cosine of prompts", promptCosine),
      ("rank correlation of maps", mapRankCorrelation), ("largest difference of 0...1 maps", mapDifference),
    ] {
      guard let spread else { continue }
      table.add([name] + [spread.minimum, spread.median, spread.maximum].map { formatted("%.6f", $0) })
    }
    var text = """
      \(model): \(compared), against \(reference) in f32
      \(pictures) pictures, \(maps) maps

      \(table.text)
      """
    if let evaluation {
      var table = Table(["", "REFERENCE", "COMPARED", "CHANGE"], right: [1, 2, 3])
      for change in evaluation {
        table.add(
          [change.figure, formatted("%.1f", 100 * change.reference), formatted("%.1f", 100 * change.compared)]
            + [formatted("%+.1f", 100 * (change.compared - change.reference))])
      }
      text += "\n\n\(table.text)"
    }
    return text
  }
}
