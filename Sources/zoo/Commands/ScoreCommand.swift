import ArgumentParser
import Foundation
import ZooModels
import ZooRuntime

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Prints how well prompts fit pictures.")

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @Argument(help: "Pictures, or folders of pictures.")
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
    let preprocessing = try pictureOptions.preprocessing(of: model)
    let texts = try model.textEmbeddings(prompts).map(normalised)
    let progress = Progress("scoring", total: urls.count, quiet: runOptions.quiet)
    var results: [Result] = []
    for (index, url) in urls.enumerated() {
      let picture = try pictureOptions.load(url, for: model, preprocessing)
      let embedding = normalised(model.imageEmbeddings([picture.tensor])[0])
      let scores = scoredPrompts(prompts, texts: texts, image: embedding, model: model)
      results.append(Result(image: url.path(percentEncoded: false), prompts: scores))
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
}

func scoredPrompts(_ prompts: [String], texts: [[Float]], image: [Float], model: Model) -> [PromptScore] {
  let cosines = texts.map { dot($0, image) }
  let logits = cosines.map(model.logit)
  let top = logits.max() ?? 0
  let weights = logits.map { exp(Double($0 - top)) }
  let total = weights.reduce(0, +)
  return prompts.indices.map { index in
    PromptScore(
      prompt: prompts[index], similarity: cosines[index], logit: logits[index],
      softmax: Float(weights[index] / total),
      probability: model.architecture.logitBias ? 1 / (1 + exp(-logits[index])) : nil)
  }
}

func scoreTable(_ scores: [PromptScore]) -> String {
  let sigmoid = scores.contains { $0.probability != nil }
  var table = Table(
    ["PROMPT", "SIMILARITY", "SOFTMAX"] + (sigmoid ? ["SIGMOID"] : []), right: [1, 2, 3])
  for score in scores {
    table.add(
      [score.prompt, String(format: "%.4f", score.similarity), String(format: "%5.1f %%", score.softmax * 100)]
        + (sigmoid ? [String(format: "%5.1f %%", (score.probability ?? 0) * 100)] : []))
  }
  return table.text
}
