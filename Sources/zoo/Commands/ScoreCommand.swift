import ArgumentParser
import Foundation
import ZooExplain
import ZooModels
import ZooRuntime

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Prints how well prompts fit pictures.")

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @Argument(help: "Pictures, or folders of pictures.", completion: .file())
  var images: [String]

  @OptionGroup var promptOptions: PromptOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let prompts = try promptOptions.all()
    let urls = try PictureOptions.pictures(images)
    let model = try runOptions.load(model)
    runOptions.prepare(model, passes: urls.count, gradients: false)
    let preprocessing = try pictureOptions.preprocessing(of: model)
    let prepared = try Explainer(model: model).prepare(prompts)
    let progress = Progress("scoring", total: urls.count, quiet: runOptions.quiet)
    var results: [Result] = []
    for (index, url) in urls.enumerated() {
      let picture = try pictureOptions.load(url, for: model, preprocessing)
      let embedding = normalised(try model.imageEmbeddings([picture.tensor])[0])
      let empty = prepared.empty.map { dot($0, embedding) }
      let similarities = prompts.indices.map { index in
        let similarity = dot(prepared.embeddings[index], embedding)
        return (prompts[index], similarity, empty.map { similarity <= $0 } ?? false)
      }
      results.append(
        Result(image: url.path(percentEncoded: false), prompts: scores(similarities, model: model)))
      progress.update(index + 1)
    }
    progress.finish()
    if json { return try printJSON(results) }
    for result in results {
      if results.count > 1 { print("\(result.image)") }
      print(scoreTable(result.prompts))
    }
  }

  struct Result: Encodable {
    let image: String
    let prompts: [PromptScore]
  }
}

/// How well one prompt fits one picture.
struct PromptScore: Encodable {
  let prompt: String
  /// Cosine of the embeddings.
  let similarity: Float
  /// The scaled similarity that the model was trained on.
  let logit: Float
  /// Among the prompts given, by softmax.
  let softmax: Float
  /// On its own, by sigmoid; only for models that were trained so.
  let probability: Float?
  /// True where the prompt fits the picture no better than "a photo of a" does, which names nothing.
  let absent: Bool
}

/// The scores of prompts against one picture, with a comparison among them.
/// Softmax is over the prompts, or over all classes of a classifier.
func scoredPrompts(_ explanation: Explanation, model: Model) -> [PromptScore] {
  scores(
    explanation.prompts.map { ($0.prompt, $0.similarity, $0.isAbsent) },
    among: model.architecture.isClassifier ? explanation.embedding : nil, model: model)
}

func scores(
  _ prompts: [(prompt: String, similarity: Float, isAbsent: Bool)], among all: [Float]? = nil, model: Model
) -> [PromptScore] {
  let logits = prompts.map { model.logit(cosine: $0.similarity) }
  let top = (all ?? logits).max() ?? 0
  func weight(_ logit: Float) -> Double { exp(Double(logit - top)) }
  let weights = logits.map(weight)
  let total = (all ?? logits).reduce(0) { $0 + weight($1) }
  return prompts.indices.map { index in
    PromptScore(
      prompt: prompts[index].prompt, similarity: prompts[index].similarity, logit: logits[index],
      softmax: Float(weights[index] / total),
      probability: model.architecture.logitBias ? 1 / (1 + exp(-logits[index])) : nil, absent: prompts[index].isAbsent)
  }
}

func scoreTable(_ scores: [PromptScore]) -> String {
  let sigmoid = scores.contains { $0.probability != nil }
  var table = Table(
    ["PROMPT", "SIMILARITY", "SOFTMAX"] + (sigmoid ? ["SIGMOID"] : []) + [""], right: [1, 2, 3])
  for score in scores {
    table.add(
      [score.prompt, String(format: "%.4f", score.similarity), String(format: "%5.1f %%", score.softmax * 100)]
        + (sigmoid ? [String(format: "%5.1f %%", (score.probability ?? 0) * 100)] : [])
        + [score.absent ? "absent" : ""])
  }
  return table.text
}
