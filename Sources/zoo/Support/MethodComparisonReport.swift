import Foundation
import ZooEvaluate
import ZooExplain
import ZooTensors

/// The output of `zoo compare`: tables, or JSON. Fields are only ever added.
struct MethodComparisonReport: Encodable {
  let model: String
  let methods: [Method]
  /// Methods that are undefined for the model, if all were requested.
  let undefined: [ChosenMethods.Undefined]
  /// The fraction of patches that count as top patches.
  let topShare = MapAgreement.topShare
  private(set) var images: [ImageReport] = []
  /// For each prompt, the mean over the pictures.
  private(set) var prompts: [PromptReport] = []
  /// The mean over prompts and pictures.
  private(set) var mean: [Pair] = []
  private(set) var errors: [InputFailures.Entry] = []
  private(set) var notes: [String] = []

  struct Method: Encodable {
    let name: String
    let method: String
    let options: [String: String]
  }

  struct ImageReport: Encodable {
    let image: String
    let prompts: [PromptReport]
  }

  struct PromptReport: Encodable {
    let prompt: String
    let pairs: [Pair]
  }

  struct Pair: Encodable {
    /// Names of the two methods.
    let a: String
    let b: String
    let rankCorrelation: Double
    let topOverlap: Double
    /// In patches; nil if a map has the same value everywhere.
    let peakDistance: Double?
  }

  /// `[pictures][prompts][pairs]`
  private var agreements: [[[MapAgreement]]] = []
  private let promptNames: [String]

  private enum CodingKeys: String, CodingKey {
    case model, methods, undefined, topShare, images, prompts, mean, errors, notes
  }

  init(model: String, _ chosen: ChosenMethods, prompts: [String]) {
    self.model = model
    methods = chosen.methods.map { Method(name: $0.displayName, method: $0.info.id, options: $0.options) }
    undefined = chosen.undefined
    promptNames = prompts
  }

  /// Adds a picture's explanations, one for each method.
  mutating func add(_ path: String, _ explanations: [Explanation], patch: Int) {
    let places = pairs
    let found = promptNames.indices.map { prompt in
      places.map { a, b in
        MapAgreement(explanations[a].prompts[prompt].heatmap, explanations[b].prompts[prompt].heatmap, patch: patch)
      }
    }
    agreements.append(found)
    images.append(ImageReport(image: path, prompts: zip(promptNames, found).map(report)))
  }

  /// Computes the means after all pictures were added.
  mutating func finish(errors: [InputFailures.Entry], notes: [String]) {
    (self.errors, self.notes) = (errors, notes)
    guard !agreements.isEmpty else { return }
    prompts = promptNames.indices.map { prompt in
      report(promptNames[prompt], meanOfPairs(agreements.map { $0[prompt] }))
    }
    mean = report("", meanOfPairs(agreements.flatMap { $0 })).pairs
  }

  /// Pairs of indices of two different methods.
  private var pairs: [(Int, Int)] {
    methods.indices.flatMap { a in methods.indices.dropFirst(a + 1).map { (a, $0) } }
  }

  private func meanOfPairs(_ rows: [[MapAgreement]]) -> [MapAgreement] {
    pairs.indices.map { pair in .mean(of: rows.map { $0[pair] }) }
  }

  private func report(_ prompt: String, _ found: [MapAgreement]) -> PromptReport {
    PromptReport(
      prompt: prompt,
      pairs: zip(pairs, found).map { pair, agreement in
        Pair(
          a: methods[pair.0].name, b: methods[pair.1].name, rankCorrelation: agreement.rankCorrelation,
          topOverlap: agreement.topOverlap, peakDistance: agreement.peakDistance)
      })
  }

  var text: String {
    var parts = prompts.map { "\($0.prompt)\n\(table($0.pairs))" }
    if agreements.count * promptNames.count > 1 { parts.append("mean of all\n\(table(mean))") }
    let rest = undefined.map { "\n\($0.method) is not defined on this model: \($0.reason)" }.joined()
    let pictures = "\(images.count) picture\(images.count == 1 ? "" : "s")"
    return "\(model), \(pictures)\n\n" + parts.joined(separator: "\n\n") + rest
  }

  private func table(_ pairs: [Pair]) -> String {
    var table = Table(
      ["METHOD", "AND", "RANK CORRELATION", "TOP TENTH IN COMMON", "PEAKS APART"], right: [2, 3, 4])
    for pair in pairs {
      table.add([
        pair.a, pair.b, formatted("%.3f", pair.rankCorrelation), formatted("%.0f %%", pair.topOverlap * 100),
        pair.peakDistance.map { formatted("%.1f patches", $0) } ?? "-",
      ])
    }
    return table.text
  }
}
