import ZooImages
import ZooModels
import ZooTensors

/// The explanation of one picture for some prompts.
public struct Explanation: Sendable {
  /// The picture's embedding, not normalised; a classifier's logits.
  public let embedding: [Float]
  /// Cosine of the picture and the prompt that names nothing.
  public let emptySimilarity: Float?
  /// Prompts whose similarity is not above this count as absent; nil if unknown.
  public let absentBelow: Float?
  /// One for each prompt, in order.
  public var prompts: [Prompt]
  /// What the model saw: maps cover it. Nil if the caller provided the pixels.
  public private(set) var picture: Picture?
  /// The position of what the model saw in the picture that was explained.
  private(set) var source: PictureFacts?
  private(set) var input: GridSize?

  init(embedding: [Float], emptySimilarity: Float?, absentBelow: Float?, prompts: [Prompt]) {
    (self.embedding, self.emptySimilarity, self.absentBelow) = (embedding, emptySimilarity, absentBelow)
    self.prompts = prompts
  }

  /// The same explanation for a known picture.
  func showing(_ loaded: LoadedPicture) -> Explanation {
    var result = self
    (result.picture, result.source) = (loaded.input.picture, loaded.source)
    result.input = GridSize(height: loaded.input.tensor.height, width: loaded.input.tensor.width)
    return result
  }

  /// The result for one prompt.
  public struct Prompt: Sendable {
    /// The prompt, or the name of the class.
    public let prompt: String
    /// Cosine of picture and prompt; a classifier's logit.
    public let similarity: Float
    /// Where the evidence for the prompt is.
    public var heatmap: Heatmap
    /// Whether the prompt fits the picture no better than a prompt that names nothing fits pictures of noise.
    public let isAbsent: Bool
  }
}

/// Why something cannot be explained.
public enum ExplainError: ZooError, Equatable {
  /// The prompt contains only whitespace.
  case blankPrompt(String)
  /// Classes were requested, but the model takes prompts.
  case notAClassifier(model: String)
  /// The class index is not below the number of classes.
  case noSuchClass(Int, count: Int)
  /// The model has no class with this name; `near` holds similar names.
  case noClassCalled(String, near: [String])
  /// The vector belongs to a different model.
  case wrongWidth(Int, expected: Int, model: String)
  /// The picture is smaller than the map.
  case smallPicture(GridSize, map: GridSize)
  /// The picture is not the one that was explained.
  case otherPicture(GridSize)
  /// The index is not below the number of prompts.
  case noSuchPrompt(Int, count: Int)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .blankPrompt: "a prompt is blank; write what to look for, such as \"a photo of a cat\""
    case .wrongWidth(let found, let expected, let model):
      "a prompt has \(found) numbers, and the embeddings of \(model) have \(expected)"
    case .notAClassifier(let model): "\(model) has no classes: it takes prompts"
    case .smallPicture(let size, let map): "a picture of \(size) pixels is smaller than its heat map, \(map)"
    case .otherPicture(let size): "a picture of \(size) pixels is not the one that was explained"
    case .noSuchPrompt(let index, let count): "there is no prompt \(index): \(count) were explained, counted from 0"
    case .noSuchClass(let index, let count): "there is no class \(index): the model has \(count), 0 to \(count - 1)"
    case .noClassCalled(let name, let near):
      "no class is called '\(name)'" + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")
    }
  }
}
