import ZooModels

/// What a caller says about a checkpoint; it overrides everything that is found.
public struct ConversionOptions: Sendable, Hashable {
  /// `--as ARCHITECTURE[:TAG]`. An unregistered architecture is a name for the one that a configuration file describes.
  public var model: ModelName?
  /// `--like TAG`: the registered weights of the architecture in `model` that these were fine-tuned from, which supply what its own tag does not.
  public var like: String?
  /// Whether the other half comes from another file.
  var isJoined = false
  /// `--config FILE`: an `open_clip_config.json` or `config.json` to use instead of those beside the weights.
  public var configuration: String?
  /// `--activation` or `--vision-activation`.
  public var visionActivation: Activation?
  /// `--activation` or `--text-activation`.
  public var textActivation: Activation?
  /// `--heads`: attention heads of the image tower.
  public var visionHeads: Int?
  /// `--text-heads`: attention heads of the text tower.
  public var textHeads: Int?
  /// `--eps`: epsilon of the image tower's norms.
  public var visionEps: Float?
  /// `--text-eps`: epsilon of the text tower's norms.
  public var textEps: Float?
  /// `--image-size`, if the shapes do not determine it.
  public var imageSize: GridSize?
  /// `--tokenizer`: a tokenizer file, or a folder with tokenizer files, to use instead of those beside the weights.
  public var tokenizer: String?

  /// Nothing is known about the checkpoint.
  public init() {}

  /// The architecture with the dimensions and choices from the options; a pooler follows the image tower.
  func applied(to architecture: Architecture) -> Architecture {
    var result = architecture
    if let visionActivation {
      result = result.with(TowerActivations(vision: visionActivation, text: nil))
    }
    if let textActivation { result.text?.blocks.activation = textActivation }
    if let visionHeads {
      if case .attention(let heads, let mlpWidth, let activation) = result.vision?.pooler,
        heads == result.vision?.blocks.heads
      {
        result.vision?.pooler = .attention(heads: visionHeads, mlpWidth: mlpWidth, activation: activation)
      }
      if result.vision?.pooler.isMeanQuery == true { result.vision?.pooler = .meanQuery(heads: visionHeads) }
      result.vision?.blocks.heads = visionHeads
    }
    if let textHeads { result.text?.blocks.heads = textHeads }
    if let visionEps { result.vision?.blocks.normEps = visionEps }
    if let textEps { result.text?.blocks.normEps = textEps }
    if let imageSize { result.vision?.image = imageSize }
    return result
  }
}
