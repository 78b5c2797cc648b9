import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// The output of `zoo explain` and `zoo score`: tables, or JSON. Fields are only ever added.
struct PictureReport: Encodable {
  /// The version of this format.
  let schema = 1
  let model: String
  /// The rule by which a prompt counts as absent from a picture.
  let absentRule = "similarity <= absent_below, the cosine of a prompt that names nothing with pictures of noise"
  var images: [ImageReport] = []
  var errors: [InputFailures.Entry] = []
  var notes: [String] = []

  // Explanations only.
  /// The first method.
  var method: String?
  var variant: LeGrad.Variant?
  /// Layers used in the first method's maps, counted from 0.
  var layers: [Int]?
  /// All methods, in the order in which they were named.
  var methods: [MethodReport]?
  var threads: Int?
  /// Milliseconds. Pictures are processed side by side, so that steps that each picture has are sums over all of them.
  var timings: Timings?
  /// The path of the page written by `--report`.
  var reportFile: String?
  /// The path of the regions written by `--boxes`.
  var boxesFile: String?

  init(model: String) { self.model = model }

  /// - Parameter layers: The number of layers of the image tower.
  mutating func add(_ methods: [HeatmapMethod], layers count: Int) throws {
    let reports = try methods.map { method in
      MethodReport(
        method: method.info.id, name: method.displayName, options: method.options,
        layers: try method.base.ownLayers(of: count))
    }
    (method, variant, layers) = (reports.first?.method, methods.first?.legrad?.variant, reports.first?.layers ?? [])
    self.methods = reports
  }

  struct MethodReport: Encodable {
    let method: String
    let name: String
    /// The options that were given by name.
    let options: [String: String]
    /// Layers whose maps are summed, counted from 0; nil if the map is not such a sum.
    let layers: [Int]?
  }

  struct Timings: Encodable {
    var load = 0.0, text = 0.0, decode = 0.0, explain = 0.0, write = 0.0
  }

  struct ImageReport: Encodable {
    /// The path as given.
    let image: String
    /// Height and width in pixels, after the picture was turned upright if requested.
    let size: [Int]
    /// The EXIF orientation of the file, 1...8.
    let orientation: Int
    /// The part that the model sees, in pixels of that size.
    let crop: CropBox
    /// Cosine of the picture and the prompt that names nothing.
    let emptySimilarity: Float?
    /// Prompts whose similarity is not above this count as absent.
    let absentBelow: Float?
    var prompts: [PromptReport]
    /// The patch grid: rows and columns. Explanations only.
    var grid: [Int]?
    /// Paths of sheets. Explanations only.
    var sheets: [String]?

    init(
      _ path: String, _ facts: PictureFacts, emptySimilarity: Float?, absentBelow: Float?, prompts: [PromptReport]
    ) {
      image = path
      size = [facts.height, facts.width]
      orientation = facts.orientation
      crop = facts.crop
      self.emptySimilarity = emptySimilarity
      self.absentBelow = absentBelow
      self.prompts = prompts
    }

    /// A row for each prompt; in explanations, the last column is the file.
    func table(within width: Int?) -> String {
      let compares = prompts.contains { $0.softmax != nil }, sigmoid = prompts.contains { $0.probability != nil }
      let explains = prompts.contains { $0.energy != nil }
      func percent(_ share: Float?) -> String { share.map { formatted("%5.1f %%", $0 * 100) } ?? "" }
      let scores = (compares ? ["SOFTMAX"] : []) + (sigmoid ? ["SIGMOID"] : [])
      let hasFiles = prompts.contains { !($0.files ?? []).isEmpty }
      let hasMethods = prompts.contains { ($0.maps?.count ?? 0) > 1 }
      let header =
        ["PROMPT", "SIMILARITY"] + scores + (hasMethods ? ["METHOD"] : []) + (explains ? ["ENERGY"] : []) + [""]
        + (hasFiles ? ["FILE"] : [])
      var right = Set(1..<header.count - (hasFiles ? 2 : 1))
      if hasMethods { right.remove(2 + scores.count) }
      var table = Table(header, right: right, shortened: hasFiles ? [0, header.count - 1] : [0])
      for prompt in prompts {
        let own =
          [prompt.prompt, formatted("%.4f", prompt.similarity)]
          + (compares ? [percent(prompt.softmax)] : []) + (sigmoid ? [percent(prompt.probability)] : [])
        guard explains, let maps = prompt.maps else {
          table.add(own + [prompt.remark])
          continue
        }
        for (index, map) in maps.enumerated() {
          table.add(
            (index == 0 ? own : own.map { _ in "" }) + (hasMethods ? [map.name] : [])
              + [formatted("%.3g", map.energy), rowRemark(index == 0 && prompt.absent, map.flat)]
              + (hasFiles ? [map.files.first ?? ""] : []))
        }
      }
      return ([table.text(within: width)] + prompts.compactMap(\.wordLine) + (sheets ?? [])).joined(separator: "\n")
    }
  }
}

/// How well one prompt fits one picture, and what was drawn for it.
struct PromptReport: Encodable {
  let prompt: String
  /// Cosine of the embeddings; a classifier's logit.
  let similarity: Float
  /// The scaled similarity that the model was trained on.
  let logit: Float?
  /// Among the given prompts, by softmax, or among all classes of a classifier; nil if there is nothing to compare, or if half a model lacks the
  /// scale.
  let softmax: Float?
  /// On its own, by the sigmoid; only for models that were trained that way.
  let probability: Float?
  /// Whether the prompt fits the picture no better than a prompt that names nothing fits pictures of noise.
  let absent: Bool

  // Explanations only.
  /// Mean of the first method's map before it is scaled to 0...1.
  var energy: Float?
  /// Whether the first method's map has the same value everywhere.
  var flat: Bool?
  /// The files of all methods.
  var files: [String]?
  /// One for each method.
  var maps: [MapReport]?
  /// The contribution of each word of the prompt to its similarity with the picture, if requested by `--words`.
  var words: [TextRelevance.Part]?

  /// The words in one line.
  var wordLine: String? {
    words.map { words in
      "\(prompt): " + words.map { "\($0.text) \(formatted("%.0f", $0.share * 100)) %" }.joined(separator: ", ")
    }
  }

  var remark: String { rowRemark(absent, flat == true) }
}

private func rowRemark(_ absent: Bool, _ flat: Bool) -> String {
  [absent ? "absent" : "", flat ? "flat" : ""].filter { !$0.isEmpty }.joined(separator: " ")
}

/// One method's map of one prompt.
struct MapReport: Encodable {
  let method: String
  /// The method with the choices that distinguish it from its variants.
  let name: String
  /// Mean of the map before it is scaled to 0...1.
  let energy: Float
  /// Whether the map has the same value everywhere.
  let flat: Bool
  var files: [String]

  init(_ method: HeatmapMethod, _ map: Heatmap, files: [String]) {
    (self.method, name) = (method.info.id, method.displayName)
    (energy, flat, self.files) = (map.energy, map.isFlat, files)
  }
}

/// The scores of prompts for one picture, with a comparison among them.
///
/// - Parameter all: Logits to compare with, if they are not those of the prompts: a classifier's.
func promptReports(_ scores: [PromptSimilarity], among all: [Float]? = nil, model: ZooModel) -> [PromptReport] {
  let scaled = ScaledScores(scores.map(\.similarity), among: all, of: model)
  return scores.enumerated().map { place, score in
    PromptReport(
      prompt: score.prompt, similarity: score.similarity, logit: scaled.logits?[place], softmax: scaled.softmax?[place],
      probability: scaled.probabilities?[place], absent: score.isAbsent)
  }
}

/// The scores of an explanation. Softmax is over the prompts, or over all classes of a classifier.
func promptReports(_ explanation: Explanation, model: ZooModel) -> [PromptReport] {
  let scores = explanation.prompts.map {
    PromptSimilarity(prompt: $0.prompt, similarity: $0.similarity, isAbsent: $0.isAbsent)
  }
  return promptReports(scores, among: model.architecture.isClassifier ? explanation.embedding : nil, model: model)
}
