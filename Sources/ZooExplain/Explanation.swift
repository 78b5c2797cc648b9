import ZooImages
import ZooModels
import ZooTensors

/// What one picture says of the prompts.
public struct Explanation: Sendable {
  /// The picture's embedding, not normalised; a classifier's logits.
  public let embedding: [Float]
  /// Cosine of the picture with the prompt that names nothing.
  public let emptySimilarity: Float?
  /// Prompts whose similarity is not above this count as absent; nil where nothing says so.
  public let absentBelow: Float?
  /// One for each prompt, in their order.
  public var prompts: [Prompt]
  /// What the model saw: maps lie over it. Nil where the caller made the pixels.
  public private(set) var picture: Picture?
  /// Where what the model saw lies in the picture that was explained.
  private(set) var source: PictureFacts?
  private(set) var input: GridSize?

  init(embedding: [Float], emptySimilarity: Float?, absentBelow: Float?, prompts: [Prompt]) {
    (self.embedding, self.emptySimilarity, self.absentBelow) = (embedding, emptySimilarity, absentBelow)
    self.prompts = prompts
  }

  /// The same of a picture that is known.
  func showing(_ loaded: LoadedPicture) -> Explanation {
    var result = self
    (result.picture, result.source) = (loaded.input.picture, loaded.source)
    result.input = GridSize(height: loaded.input.tensor.height, width: loaded.input.tensor.width)
    return result
  }

  /// What the picture says of one prompt.
  public struct Prompt: Sendable {
    /// The prompt, or the name of the class.
    public let prompt: String
    /// Cosine of picture and prompt; a classifier's logit.
    public let similarity: Float
    /// Where the evidence for the prompt is.
    public var heatmap: Heatmap
    /// True where the prompt fits the picture no better than a prompt that names nothing fits pictures of noise.
    public let isAbsent: Bool
  }
}

/// Why something cannot be explained.
public enum ExplainError: ZooError, Equatable {
  /// A prompt of nothing but whitespace.
  case blankPrompt(String)
  /// Classes were asked for, but the model has prompts.
  case notAClassifier(model: String)
  /// A class index that is not below the number of classes.
  case noSuchClass(Int, count: Int)
  /// A class name that the model does not have, with names that are like it.
  case noClassCalled(String, near: [String])
  /// A vector of another model.
  case wrongWidth(Int, expected: Int, model: String)
  /// A picture that a map does not fit on.
  case smallPicture(GridSize, map: GridSize)
  /// A picture that is not the one that was explained.
  case otherPicture(GridSize)
  /// A place that is not below the number of prompts.
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
