import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// What `zoo explain` and `zoo score` say of pictures: tables, or JSON. Fields are only ever added.
struct PictureReport: Encodable {
  /// The version of this shape.
  let schema = 1
  let model: String
  /// When a prompt counts as absent from a picture.
  let absentRule = "similarity <= absent_below, the cosine of a prompt that names nothing with pictures of noise"
  var images: [ImageReport] = []
  var errors: [InputFailures.Entry] = []
  var notes: [String] = []

  // Explanations only.
  /// The method that made the maps.
  var method: String?
  var variant: LeGrad.Variant?
  /// Layers that took part, counted from 0.
  var layers: [Int]?
  var threads: Int?
  /// Milliseconds.
  var timings: Timings?

  init(model: String) { self.model = model }

  struct Timings: Encodable {
    var load = 0.0, text = 0.0, decode = 0.0, explain = 0.0, write = 0.0
  }

  struct ImageReport: Encodable {
    /// The path as it was given.
    let image: String
    /// Height and width in pixels, after the picture was turned upright where that was asked for.
    let size: [Int]
    /// The EXIF orientation of the file, 1...8.
    let orientation: Int
    /// The part that the model sees, in pixels of that size.
    let crop: CropBox
    /// Cosine of the picture with the prompt that names nothing.
    let emptySimilarity: Float?
    /// Prompts whose similarity is not above this count as absent.
    let absentBelow: Float?
    var prompts: [PromptReport]
    /// Patches: rows and columns. Explanations only.
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

    /// A row for each prompt; the last column of explanations is the file.
    func table(within width: Int?) -> String {
      let compares = prompts.contains { $0.softmax != nil }, sigmoid = prompts.contains { $0.probability != nil }
      let explains = prompts.contains { $0.energy != nil }
      func percent(_ share: Float?) -> String { share.map { String(format: "%5.1f %%", $0 * 100) } ?? "" }
      let header =
        ["PROMPT", "SIMILARITY"] + (compares ? ["SOFTMAX"] : []) + (sigmoid ? ["SIGMOID"] : [])
        + (explains ? ["ENERGY"] : []) + [""] + (explains ? ["FILE"] : [])
      var table = Table(
        header, right: Set(1..<header.count - (explains ? 2 : 1)), shortened: explains ? [0, header.count - 1] : [0])
      for prompt in prompts {
        table.add(
          [prompt.prompt, String(format: "%.4f", prompt.similarity)]
            + (compares ? [percent(prompt.softmax)] : []) + (sigmoid ? [percent(prompt.probability)] : [])
            + (explains ? [String(format: "%.3g", prompt.energy ?? 0)] : []) + [prompt.remark]
            + (explains ? [prompt.files?.first ?? ""] : []))
      }
      return ([table.text(within: width)] + (sheets ?? [])).joined(separator: "\n")
    }
  }
}

/// How well one prompt fits one picture, and what was drawn of it.
struct PromptReport: Encodable {
  let prompt: String
  /// Cosine of the embeddings; a classifier's logit.
  let similarity: Float
  /// The scaled similarity that the model was trained on.
  let logit: Float?
  /// Among the prompts given, by softmax, or among all classes of a classifier; nil where there is nothing to compare,
  /// or where half a model lacks the scale.
  let softmax: Float?
  /// On its own, by sigmoid; only for models that were trained so.
  let probability: Float?
  /// True where the prompt fits the picture no better than a prompt that names nothing fits pictures of noise.
  let absent: Bool

  // Explanations only.
  /// Mean of the map before it is scaled to 0...1.
  var energy: Float?
  /// True where the map has the same value everywhere.
  var flat: Bool?
  var files: [String]?

  var remark: String {
    [absent ? "absent" : "", flat == true ? "flat" : ""].filter { !$0.isEmpty }.joined(separator: " ")
  }
}

/// The scores of prompts against one picture, with a comparison among them.
///
/// - Parameter all: logits to compare with where they are not those of the prompts: a classifier's.
func promptReports(_ scores: [PromptSimilarity], among all: [Float]? = nil, model: Model) -> [PromptReport] {
  let logits = scores.map { model.logit(cosine: $0.similarity) }
  let top = (all ?? logits).max() ?? 0
  func weight(_ logit: Float) -> Double { exp(Double(logit - top)) }
  let total = (all ?? logits).reduce(0) { $0 + weight($1) }
  // Half a model may lack the learned scale.
  let isScaled = model.architecture.isClassifier || model.architecture.logitScale
  return zip(scores, logits).map { score, logit in
    PromptReport(
      prompt: score.prompt, similarity: score.similarity, logit: isScaled ? logit : nil,
      softmax: !isScaled || all == nil && scores.count == 1 ? nil : Float(weight(logit) / total),
      probability: isScaled && model.architecture.logitBias ? 1 / (1 + exp(-logit)) : nil, absent: score.isAbsent)
  }
}
