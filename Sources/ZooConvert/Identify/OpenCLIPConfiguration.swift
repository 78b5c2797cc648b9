import ZooCheckpoints
import ZooModels

/// `open_clip_config.json`. Missing fields have open_clip's defaults.
struct OpenCLIPFile: Decodable {
  var modelCfg: Model
  var preprocessCfg: Preprocess?
  /// Describes the demo model, whose image tower has no published name.
  var timmModelArgs: TimmArguments?

  struct Model: Decodable {
    var embedDim: Int
    var quickGelu: Bool?
    var initLogitBias: Double?
    var visionCfg: Vision
    var textCfg: Text
  }

  struct ActivationArguments: Decodable { var approximate: String? }
  struct NormArguments: Decodable { var eps: Float? }

  struct Vision: Decodable {
    var layers: Layers?
    var width: Int?
    var headWidth: Int?
    var mlpRatio: Double?
    var patchSize: Int?
    var imageSize: ConfiguredSize?
    var lsInitValue: Double?
    var attentionalPool: Flag?
    var attnPoolerQueries: Int?
    var attnPoolerHeads: Int?
    var noLnPre: Bool?
    var finalLnAfterPool: Bool?
    var poolType: String?
    var posEmbedType: String?
    var actKwargs: ActivationArguments?
    var normKwargs: NormArguments?
    var timmModelName: String?
    var timmPool: String?
    var timmProj: String?
    var timmModelArgs: TimmArguments?
    var timmModelKwargs: TimmArguments?
  }

  struct Text: Decodable {
    var textArch: String?
    var bosId: Int?
    var attentionMode: String?
    var posEmbed: String?
    var ropeTemperature: Float?
    var mlpType: String?
    var normType: String?
    var normEps: Float?
    var qkNorm: Bool?
    var attnGated: Bool?
    var preNorm: Bool?
    var tokenizerType: String?
    var tiktokenName: String?
    /// What open_clip overrides in the model's own configuration.
    struct HuggingFaceOverrides: Decodable { var padTokenId: Int? }
    var contextLength: Int?
    var vocabSize: Int?
    var width: Int?
    var heads: Int?
    var layers: Int?
    var mlpRatio: Double?
    var lsInitValue: Double?
    var embedCls: Bool?
    var noCausalMask: Bool?
    var poolType: String?
    var eosId: Int?
    var padId: Int?
    var projBias: Bool?
    var projType: String?
    var noHead: Bool?
    var actKwargs: ActivationArguments?
    var normKwargs: NormArguments?
    var hfModelName: String?
    var hfPoolerType: String?
    var hfModelConfig: HuggingFaceOverrides?
    var hfTokenizerName: String?
    var tokenizerMode: String?
    var tokenizerKwargs: TokenizerArguments?
  }

  struct Preprocess: Decodable {
    var size: ConfiguredSize?
    var mean: ChannelValues?
    var std: ChannelValues?
    var interpolation: Filter?
    var resizeMode: Mode?
    var fillColor: Int?

    /// `random` is for training: open_clip then evaluates with bicubic.
    enum Filter: String, Decodable { case bicubic, bilinear, random }
    enum Mode: String, Decodable { case shortest, squash, longest }
  }

  /// The number of layers; a list means a ResNet.
  enum Layers: Decodable {
    case count(Int), stages([Int])
    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let count = try? value.decode(Int.self) {
        self = .count(count)
      } else {
        self = .stages(try value.decode([Int].self))
      }
    }
  }

  /// True, false, or the name of a kind.
  enum Flag: Decodable {
    case flag(Bool), kind(String)
    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let flag = try? value.decode(Bool.self) {
        self = .flag(flag)
      } else {
        self = .kind(try value.decode(String.self))
      }
    }
  }
}

/// The arguments of a timm `VisionTransformer` that shapes do not reveal.
struct TimmArguments: Decodable {
  var imgSize: ConfiguredSize?
  var numHeads: Int?
  var globalPool: String?
  var actLayer: String?
  var normEps: Float?
  var usePostNorm: Bool?
  var swigluMlp: Bool?
  var attnPoolNumHeads: Int?
  var poolIncludePrefix: Bool?
  var noEmbedClass: Bool?
  var refFeatShape: ConfiguredSize?
  var useRotPosEmb: Bool?
  var ropeTemperature: Float?
  var ropeGridOffset: Float?
  var ropeGridIndexing: String?
}

extension OpenCLIPFile {
  /// Whether the text tower is a model of transformers; only some are supported.
  var isWithHuggingFaceText: Bool { modelCfg.textCfg.hfModelName != nil }

  func configuration(file path: String) throws(ConvertError) -> Configuration {
    let file = splitPath(path).name
    func fail(_ reason: String) -> ConvertError { .configuration(file: path, reason: reason) }
    let huggingFace = try huggingFaceText(file: path)
    let text = huggingFace == nil ? try textTower(file: path) : nil
    let image = modelCfg.visionCfg.imageSize?.size ?? GridSize(height: 224, width: 224)
    var result = Configuration(
      file: file, embedding: modelCfg.embedDim, text: text, logitBias: modelCfg.initLogitBias != nil,
      preprocessing: try preprocessing(image: image, file: path))
    result.huggingFaceText = huggingFace
    if let size = preprocessCfg?.size?.size, size != image {
      result.notes.append(
        "The picture size is \(image) by image_size and \(size) by preprocess_cfg.size in \(file): open_clip takes image_size."
      )
    }
    if modelCfg.visionCfg.timmModelName != nil {
      result.visionChoices = try trunkChoices(image: image, file: path)
    } else {
      result.vision = try visionTower(image: image, file: path)
    }
    return result
  }

  private func activation(_ arguments: ActivationArguments?) -> Activation {
    if modelCfg.quickGelu == true { return .quickGELU }
    return arguments?.approximate == "tanh" ? .geluTanh : .gelu
  }

  private func visionTower(image: GridSize, file: String) throws(ConvertError) -> VisionTower {
    let config = modelCfg.visionCfg
    func fail(_ reason: String) -> ConvertError { .configuration(file: file, reason: reason) }
    let layers: Int
    switch config.layers {
    case .count(let count): layers = count
    case nil: layers = 12
    case .stages(let stages): return try resNet(stages, image: image, file: file)
    }
    let width = config.width ?? 768, headWidth = config.headWidth ?? 64
    guard width > 0, headWidth > 0, width % headWidth == 0 else {
      throw fail("its width \(width) is not a multiple of its head width \(headWidth)")
    }
    // open_clip saves its sine and cosine positions with the weights.
    guard ["learnable", "sin_cos_2d"].contains(config.posEmbedType ?? "learnable") else {
      throw fail("its position embedding '\(config.posEmbedType ?? "")' is not run")
    }
    let isMean = config.poolType == "avg"
    let pooler: Pooler
    switch (config.attentionalPool, config.poolType ?? "tok") {
    case (.flag(true), _):
      pooler = .coca(
        heads: config.attnPoolerHeads ?? 8, queries: config.attnPoolerQueries ?? 256, width: modelCfg.embedDim)
    case (.kind(let kind), _): throw fail("its attentional pooling '\(kind)' is not run")
    case (_, "tok"): pooler = .classToken
    case (_, "avg"): pooler = .patchMean(normFirst: config.finalLnAfterPool != true)
    case (_, let other): throw fail("its pooling '\(other)' is not run")
    }
    guard isMean || config.finalLnAfterPool != true || config.poolType ?? "tok" == "tok" else {
      throw fail("its final norm after pooling is not run")
    }
    return VisionTower(
      image: image, patch: config.patchSize ?? 16,
      blocks: Blocks(
        width: width, layers: layers, heads: width / headWidth,
        mlpWidth: try hiddenWidth(width, config.mlpRatio ?? 4, file: file), normEps: config.normKwargs?.eps ?? 1e-5,
        activation: activation(config.actKwargs), layerScale: config.lsInitValue != nil),
      classToken: true, normPre: config.noLnPre != true, pooler: pooler)
  }

  private func resNet(_ stages: [Int], image: GridSize, file: String) throws(ConvertError) -> VisionTower {
    let width = modelCfg.visionCfg.width ?? 64, headWidth = modelCfg.visionCfg.headWidth ?? 64
    guard (1...8).contains(stages.count), Limits.width.contains(width), headWidth > 0 else {
      throw .configuration(file: file, reason: "no ResNet has \(stages.count) stages from width \(width) on")
    }
    let stem = ResNetStem(width: width, bottlenecks: stages)
    return VisionTower(resNet: stem, image: image, heads: stem.outputs / headWidth)
  }

  private func trunkChoices(image: GridSize, file: String) throws(ConvertError) -> VisionChoices {
    let config = modelCfg.visionCfg
    let arguments = config.timmModelKwargs ?? config.timmModelArgs ?? timmModelArgs
    var choices = VisionChoices()
    choices.timmName = config.timmModelName
    choices.image = arguments?.imgSize?.size ?? image
    choices.heads = arguments?.numHeads
    choices.eps = arguments?.normEps
    choices.hasSwiGLU = arguments?.swigluMlp == true
    choices.pool = arguments?.globalPool ?? config.timmPool
    if let name = arguments?.actLayer { choices.activation = try ZooConvert.activation(named: name, file: file) }
    try choices.adoptTimmDesign(arguments, file: file)
    return choices
  }

  private func huggingFaceText(file: String) throws(ConvertError) -> HuggingFaceTextModel? {
    guard let name = modelCfg.textCfg.hfModelName, !name.isEmpty else { return nil }
    return try HuggingFaceTextModel(
      name, pooler: modelCfg.textCfg.hfPoolerType, padID: modelCfg.textCfg.hfModelConfig?.padTokenId,
      tokenizer: try tokenizer(file: file), file: file)
  }

  private func textTower(file: String) throws(ConvertError) -> TextTower {
    let config = modelCfg.textCfg
    func fail(_ reason: String) -> ConvertError { .configuration(file: file, reason: reason) }
    let width = config.width ?? 512
    if config.isModern { return try modernText(file: file) }
    if config.qkNorm == true {
      throw .unusableValue(
        file: file, key: "model_cfg.text_cfg.qk_norm", value: "true",
        remedy: "zoo runs it in ModernText towers alone")
    }
    let pooling: TextPooling
    switch (config.embedCls == true, config.poolType ?? "argmax") {
    case (true, _): pooling = .classToken
    case (false, "argmax"): pooling = .argmax
    case (false, "last"): pooling = .last
    case (false, "eos"): pooling = .endOfText(id: config.eosId ?? 2)
    case (false, let other): throw fail("its text pooling '\(other)' is not run")
    }
    let isBare = config.projType == "none" || config.noHead == true
    let projection: Projection = isBare ? .none : config.projBias == true ? .linearWithBias : .linear
    return TextTower(
      blocks: Blocks(
        width: width, layers: config.layers ?? 12, heads: config.heads ?? 8,
        mlpWidth: try hiddenWidth(width, config.mlpRatio ?? 4, file: file), normEps: config.normKwargs?.eps ?? 1e-5,
        activation: activation(config.actKwargs), layerScale: config.lsInitValue != nil),
      vocabulary: config.vocabSize ?? 49408,
      causal: config.noCausalMask != true, pooling: pooling, projection: projection,
      tokenizer: try tokenizer(file: file))
  }

  private func preprocessing(image: GridSize, file: String) throws(ConvertError) -> Preprocessing {
    let config = preprocessCfg
    let mode: Preprocessing.ResizeMode
    switch config?.resizeMode {
    case .shortest, nil: mode = .shortest
    case .squash: mode = .squash
    case .longest: mode = .longest
    }
    return try checked(
      Preprocessing(
        size: image, mean: config?.mean?.values ?? Preprocessing.clipMean,
        std: config?.std?.values ?? Preprocessing.clipStd,
        interpolation: config?.interpolation == .bilinear ? .bilinear : .bicubic, resizeMode: mode,
        fill: config?.fillColor ?? 0), file: file)
  }
}
