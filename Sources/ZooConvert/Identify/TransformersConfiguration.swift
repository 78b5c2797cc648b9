import ZooModels

/// `config.json` of a CLIP or SigLIP model of transformers. Fields that are left out have the defaults of the class.
struct TransformersFile: Decodable {
  var modelType: String?
  var projectionDim: Int?
  var textConfig: Tower?
  var visionConfig: Tower?
  /// Older files state overrides here.
  var textConfigDict: Tower?
  var visionConfigDict: Tower?

  struct Tower: Decodable {
    var hiddenSize: Int?
    var intermediateSize: Int?
    var numHiddenLayers: Int?
    var numAttentionHeads: Int?
    var hiddenAct: String?
    var layerNormEps: Float?
    var vocabSize: Int?
    var maxPositionEmbeddings: Int?
    var eosTokenId: Int?
    var projectionSize: Int?
    var imageSize: ConfiguredSize?
    var patchSize: Int?
    var visionUseHead: Bool?

    func overridden(by other: Tower?) -> Tower {
      guard let other else { return self }
      return Tower(
        hiddenSize: other.hiddenSize ?? hiddenSize, intermediateSize: other.intermediateSize ?? intermediateSize,
        numHiddenLayers: other.numHiddenLayers ?? numHiddenLayers,
        numAttentionHeads: other.numAttentionHeads ?? numAttentionHeads, hiddenAct: other.hiddenAct ?? hiddenAct,
        layerNormEps: other.layerNormEps ?? layerNormEps, vocabSize: other.vocabSize ?? vocabSize,
        maxPositionEmbeddings: other.maxPositionEmbeddings ?? maxPositionEmbeddings,
        eosTokenId: other.eosTokenId ?? eosTokenId, projectionSize: other.projectionSize ?? projectionSize,
        imageSize: other.imageSize ?? imageSize, patchSize: other.patchSize ?? patchSize,
        visionUseHead: other.visionUseHead ?? visionUseHead)
    }
  }
}

/// `preprocessor_config.json`.
struct TransformersPreprocessor: Decodable {
  var size: ConfiguredSize?
  var cropSize: ConfiguredSize?
  var doCenterCrop: Bool?
  var imageMean: [Float]?
  var imageStd: [Float]?
  var resample: Int?
}

extension TransformersFile {
  func configuration(
    file path: String, preprocessor: TransformersPreprocessor?
  ) throws(ConvertError) -> Configuration {
    let text = (textConfig ?? Tower()).overridden(by: textConfigDict)
    let vision = (visionConfig ?? Tower()).overridden(by: visionConfigDict)
    switch modelType {
    case "clip": return try clip(text, vision, file: path, preprocessor)
    case "siglip": return try siglip(text, vision, file: path, preprocessor)
    case "siglip2":
      throw .unsupported(
        path: path, architecture: "Siglip2Model",
        reason: "NaFlex sizes every picture by its own aspect ratio, which is not run")
    default:
      throw .configuration(file: path, reason: "its model_type '\(modelType ?? "")' is neither clip nor siglip")
    }
  }

  private func clip(
    _ text: Tower, _ vision: Tower, file path: String, _ preprocessor: TransformersPreprocessor?
  ) throws(ConvertError) -> Configuration {
    let vocabulary = text.vocabSize ?? 49408, end = text.eosTokenId ?? 49407
    // 2 is the wrong id of old configurations, and means the largest id; so does the last id of the vocabulary.
    let pooling: TextPooling = end == 2 || end == vocabulary - 1 ? .argmax : .endOfText(id: end)
    let image = vision.imageSize?.size ?? GridSize(height: 224, width: 224)
    let visionBlocks = try blocks(vision, 768, 3072, heads: 12, act: "quick_gelu", eps: 1e-5, file: path)
    let textBlocks = try blocks(text, 512, 2048, heads: 8, act: "quick_gelu", eps: 1e-5, file: path)
    var notes: [String] = []
    if vision.hiddenAct == nil || text.hiddenAct == nil {
      notes.append("\(splitPath(path).name) leaves the activation out, which means quick_gelu.")
    }
    return Configuration(
      file: splitPath(path).name, embedding: projectionDim ?? 512,
      vision: VisionTower(
        image: image, patch: vision.patchSize ?? 32, blocks: visionBlocks, classToken: true, normPre: true,
        pooler: .classToken),
      text: TextTower(
        blocks: textBlocks, vocabulary: vocabulary, causal: true,
        pooling: pooling, projection: .linear,
        tokenizer: TokenizerSpec(kind: .clipBPE, contextLength: text.maxPositionEmbeddings ?? 77)),
      logitBias: false,
      preprocessing: try preprocessing(
        preprocessor, image: image, mean: OpenCLIPFile.mean, std: OpenCLIPFile.std, mode: .shortest, file: path),
      notes: notes)
  }

  private func siglip(
    _ text: Tower, _ vision: Tower, file path: String, _ preprocessor: TransformersPreprocessor?
  ) throws(ConvertError) -> Configuration {
    guard vision.visionUseHead != false else {
      throw .configuration(file: path, reason: "it has no pooling head (vision_use_head is false)")
    }
    let image = vision.imageSize?.size ?? GridSize(height: 224, width: 224)
    let act = "gelu_pytorch_tanh"
    let visionBlocks = try blocks(vision, 768, 3072, heads: 12, act: act, eps: 1e-6, file: path)
    let textBlocks = try blocks(text, 768, 3072, heads: 12, act: act, eps: 1e-6, file: path)
    let half: [Float] = [0.5, 0.5, 0.5]
    return Configuration(
      file: splitPath(path).name, embedding: text.projectionSize ?? textBlocks.width,
      vision: VisionTower(
        image: image, patch: vision.patchSize ?? 16, blocks: visionBlocks, classToken: false, patchBias: true,
        positionsCoverPrefix: false,
        pooler: .attention(
          heads: visionBlocks.heads, mlpWidth: visionBlocks.mlpWidth, activation: visionBlocks.activation),
        projection: .none),
      text: TextTower(
        blocks: textBlocks, vocabulary: text.vocabSize ?? 32000,
        causal: false, pooling: .last, projection: .linearWithBias,
        tokenizer: TokenizerSpec(
          kind: .tokenizerJSON, contextLength: text.maxPositionEmbeddings ?? 64,
          padID: text.vocabSize == 256_000 ? 0 : 1, clean: .canonicalize)),
      logitBias: true,
      preprocessing: try preprocessing(
        preprocessor, image: image, mean: half, std: half, mode: .squash, file: path))
  }

  private func blocks(
    _ tower: Tower, _ width: Int, _ mlpWidth: Int, heads: Int, act: String, eps: Float, file: String
  ) throws(ConvertError) -> Blocks {
    Blocks(
      width: tower.hiddenSize ?? width, layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? heads,
      mlpWidth: tower.intermediateSize ?? mlpWidth, normEps: tower.layerNormEps ?? eps,
      activation: try activation(named: tower.hiddenAct ?? act, file: file))
  }

  private func preprocessing(
    _ config: TransformersPreprocessor?, image: GridSize, mean: [Float], std: [Float], mode: Preprocessing.ResizeMode,
    file: String
  ) throws(ConvertError) -> Preprocessing {
    guard let config else {
      return Preprocessing(size: image, mean: mean, std: std, interpolation: .bicubic, resizeMode: mode)
    }
    let file = joinPath(splitPath(file).parent, "preprocessor_config.json")
    let isCropped = config.doCenterCrop ?? (mode == .shortest)
    let interpolation: Preprocessing.Interpolation
    switch config.resample ?? 3 {
    case 0: interpolation = .nearest
    case 2: interpolation = .bilinear
    case 3: interpolation = .bicubic
    case let other: throw .configuration(file: file, reason: "its resample \(other) is none of 0, 2 and 3")
    }
    return try checked(
      Preprocessing(
        size: (isCropped ? config.cropSize?.size : nil) ?? config.size?.size ?? image, mean: config.imageMean ?? mean,
        std: config.imageStd ?? std, interpolation: interpolation,
        resizeMode: isCropped || config.size?.isShortestEdge == true ? .shortest : .squash), file: file)
  }
}
