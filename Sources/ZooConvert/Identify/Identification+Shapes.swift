import ZooCheckpoints
import ZooModels

// Models that only their shapes and their kind describe.
extension Identification {
  /// OpenAI's archives: always quick_gelu and heads of width 64.
  mutating func openAI(_ fitting: [Manifest]) throws -> Candidate {
    for manifest in fitting {
      guard let weights = manifest.weights.first(where: { $0.tag == "openai" }) else { continue }
      notes.append("A TorchScript archive with these shapes is \(manifest.name):openai.")
      return Candidate(
        architecture: manifest.architecture.trained(as: weights), tag: weights.tag,
        preprocessing: weights.preprocessing, knowsTokenizer: true)
    }
    guard let width = facts.vision.width, let textFacts = facts.text, let embedding = facts.embedding else {
      throw ConvertError.configuration(file: path, reason: "the shapes of its towers do not fit one another")
    }
    let choices = VisionChoices(
      image: options.imageSize, heads: options.visionHeads ?? width / 64, activation: .quickGELU, eps: 1e-5)
    let text = try textFacts.tower(
      heads: options.textHeads ?? textFacts.width / 64, activation: .quickGELU, eps: 1e-5, causal: true,
      pooling: .argmax, path: path
    ) { TokenizerSpec(kind: .clipBPE, contextLength: $0) }
    let vision = try facts.vision.tower(choices, path: path)
    notes.append("It is a TorchScript archive, as OpenAI published: quick_gelu, heads of width 64.")
    return Candidate(
      architecture: Architecture(
        name: modelName(nil), family: .clip, embedding: embedding, vision: vision, text: text),
      tag: options.model?.tag ?? "openai",
      preprocessing: Preprocessing(
        size: vision.image, interpolation: .bicubic,
        resizeMode: .shortest))
  }

  /// An ImageNet classifier, as timm runs the model of that name, or with the defaults of its class.
  mutating func classifier() throws -> Candidate {
    let name = stem(splitPath(path).name)
    var choices = VisionChoices(
      image: options.imageSize, heads: options.visionHeads, activation: options.visionActivation,
      eps: options.visionEps)
    switch TimmModel.named(name) {
    case .runs(let design):
      notes.append("The name says timm's '\(name.prefix { $0 != "." })'.")
      choices.adopt(design)
    case .refused(let reason): throw ConvertError.unsupported(path: path, architecture: name, reason: reason)
    case nil:
      if choices.heads == nil, facts.vision.heads == nil, let (plain, design) = TimmModel.plain(like: name) {
        notes.append("timm has no model '\(name)': it is run with the \(design.heads ?? 0) heads of '\(plain)'.")
        choices.heads = design.heads
      }
      choices.adoptClassDefaults(of: facts.vision)
    }
    let vision = try facts.vision.tower(choices, path: path)
    guard let embedding = facts.embedding else {
      throw ConvertError.configuration(file: path, reason: "the shapes of its tower do not fit one another")
    }
    if headers.entries.contains(where: { $0.name.contains("pre_logits/") }) {
      notes.append("The layer 'pre_logits' before the head is left out, as timm does; Google's own code runs it.")
    }
    notes.append(
      "Nothing describes this \(layout.part.half ?? "classifier"): it is run as timm runs it (\(choices.activation?.rawValue ?? ""), epsilon "
        + "\(choices.eps ?? 0), pixels scaled to -1...1, both sides resized).")
    return Candidate(
      architecture: Architecture(
        name: modelName(nil), family: .classifiers, embedding: embedding, part: layout.part, vision: vision,
        text: nil),
      tag: options.model?.tag ?? "local", preprocessing: .minusOneToOne(vision.image))
  }

  /// Throws if `--image-size` gives a number of patches that differs from the position table's.
  func checkImageSize(_ size: GridSize, _ vision: VisionTower) throws(ConvertError) {
    guard vision.positionGrid == nil, let positions = facts.vision.positions, vision.positions != positions else {
      return
    }
    let prefix = vision.positionsCoverPrefix ? vision.prefixTokens : 0
    throw .configuration(
      file: path,
      reason: "a picture of \(size) (--image-size) has \(vision.grid) patches of \(vision.patch) pixels, but the "
        + "position table is for \(positions - prefix) patches")
  }

  /// A big_vision model without a configuration: all SigLIP models agree on what its shapes do not reveal, except the activation.
  mutating func measured() throws -> Candidate {
    guard layout == .bigVision, let textFacts = facts.text, let embedding = facts.embedding,
      let activation = options.visionActivation
    else {
      throw ConvertError.undecided(
        path: path, undecided: ["what its tensors do not show"], candidates: [], options: ["--config FILE"])
    }
    let vision = try facts.vision.tower(
      VisionChoices(image: options.imageSize, activation: activation, eps: options.visionEps ?? 1e-6), path: path)
    let isGemma = textFacts.vocabulary == 256_000
    let text = try textFacts.tower(
      heads: options.textHeads, activation: options.textActivation ?? activation, eps: options.textEps ?? 1e-6,
      causal: false, pooling: .last, path: path
    ) {
      TokenizerSpec(
        kind: isGemma ? .tokenizerJSON : .sentencePiece, contextLength: $0, padID: isGemma ? 0 : 1, clean: .canonicalize
      )
    }
    notes.append("Nothing describes this model: epsilon, masks and pooling are those of all SigLIP models.")
    return Candidate(
      architecture: Architecture(
        name: modelName(nil), family: .siglip, embedding: embedding, vision: vision, text: text,
        logitBias: facts.logitBias),
      tag: options.model?.tag ?? "local", preprocessing: .minusOneToOne(vision.image))
  }
}

extension TextFacts {
  /// The tower with these shapes and choices; the shapes also tell the length of its prompts.
  func tower(
    heads: Int?, activation: Activation, eps: Float, causal: Bool, pooling: TextPooling, path: String,
    tokenizer: (_ contextLength: Int) -> TokenizerSpec
  ) throws(ConvertError) -> TextTower {
    guard let heads = self.heads ?? heads else {
      throw .undecided(
        path: path, undecided: ["how many heads the text tower has"], candidates: [], options: ["--text-heads"])
    }
    guard let positions, let mlpWidth else {
      throw .configuration(file: path, reason: "the shapes of its text tower do not fit one another")
    }
    return TextTower(
      blocks: Blocks(
        width: width, layers: layers, heads: heads, mlpWidth: mlpWidth, normEps: eps, activation: activation,
        layerScale: layerScale),
      vocabulary: vocabulary, causal: causal, pooling: pooling, projection: projection,
      tokenizer: tokenizer(positions - (classToken ? 1 : 0)))
  }
}

extension Preprocessing {
  /// Pixels from -1 to 1, both sides resized: SigLIP and Google's classifiers.
  static func minusOneToOne(_ size: GridSize) -> Preprocessing {
    Preprocessing(
      size: size, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: .bicubic, resizeMode: .squash)
  }
}
