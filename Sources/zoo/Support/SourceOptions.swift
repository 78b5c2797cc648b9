import ArgumentParser
import ZooConvert
import ZooModels

/// What a caller knows about a checkpoint that its tensors do not tell.
struct SourceOptions: ParsableArguments {
  @Option(name: .customLong("as"), help: ArgumentHelp("Architecture and tag to assume.", valueName: "architecture:tag"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "For a fine-tune with its own tag in --as: the registered tag whose activation and preprocessing it shares.",
      valueName: "tag"))
  var like: String?

  @Option(
    help: ArgumentHelp(
      "An open_clip_config.json or config.json to use instead of the one beside the weights.", valueName: "file"))
  var config: String?

  @Option(help: "Activation of both towers.")
  var activation: Activation?

  @Option(help: "Activation of the image tower only.")
  var visionActivation: Activation?

  @Option(help: "Activation of the text tower only.")
  var textActivation: Activation?

  @Option(help: "Attention heads of the image tower.")
  var heads: Int?

  @Option(help: "Attention heads of the text tower.")
  var textHeads: Int?

  @Option(help: "Epsilon of the image tower's LayerNorms.")
  var eps: Float?

  @Option(help: "Epsilon of the text tower's LayerNorms.")
  var textEps: Float?

  @Option(
    help: ArgumentHelp(
      "Picture size of the image tower in pixels, if its tensors do not determine it.", valueName: "N|HEIGHTxWIDTH"))
  var imageSize: ImageSize?

  @Option(help: ArgumentHelp("A tokenizer file, or a folder with tokenizer files.", valueName: "path"))
  var tokenizer: String?

  @Option(
    help: ArgumentHelp(
      "Which model to read from a file that holds several: a dictionary key or a name prefix, such as ema.",
      valueName: "name"))
  var part: String?

  var options: ConversionOptions {
    var options = ConversionOptions()
    options.model = model.map { ModelName($0) }
    options.like = like
    options.configuration = config
    options.visionActivation = visionActivation ?? activation
    options.textActivation = textActivation ?? activation
    options.visionHeads = heads
    options.textHeads = textHeads
    options.visionEps = eps
    options.textEps = textEps
    options.imageSize = imageSize?.size
    options.tokenizer = tokenizer
    return options
  }

  func validate() throws {
    for (name, value) in [("--heads", heads), ("--text-heads", textHeads)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1.") }
    }
  }
}

/// A picture size as people write it: `224`, or `240x320` for height x width.
struct ImageSize: ExpressibleByArgument {
  let size: GridSize

  init?(argument: String) {
    guard let size = try? PictureOptions.parse(argument, patch: 1) else { return nil }
    self.size = size
  }
}
