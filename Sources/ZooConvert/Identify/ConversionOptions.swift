import ZooModels

/// What a caller says about a checkpoint; it wins over everything that is found.
public struct ConversionOptions: Sendable, Hashable {
  /// `--as ARCHITECTURE[:TAG]`. An architecture that is not registered is a name for one that a configuration file describes.
  public var model: ModelName?
  /// `--like TAG`: the registered weights of the architecture in `model` that these were fine-tuned from, which tell what its own tag does not.
  public var like: String?
  /// True where the other half comes from another file.
  var isJoined = false
  /// `--config FILE`: an `open_clip_config.json` or `config.json` to use in place of those beside the weights.
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
  /// `--image-size`, where shapes leave it open.
  public var imageSize: GridSize?
  /// `--tokenizer`: a tokenizer file, or a folder with tokenizer files, in place of those beside the weights.
  public var tokenizer: String?

  /// Nothing is known of the checkpoint.
  public init() {}

  /// The architecture with the dimensions and choices that the options set; a pooler follows the image tower.
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
