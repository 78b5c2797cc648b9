import ZooCheckpoints
import ZooModels

/// `config.json` of a CLIP or SigLIP model of transformers. Missing fields have the defaults of the class.
struct TransformersFile: Decodable {
  var modelType: String?
  var projectionDim: Int?
  var textConfig: Tower?
  var visionConfig: Tower?
  /// Older files have overrides here.
  var textConfigDict: Tower?
  var visionConfigDict: Tower?
  /// TIPSv2's.
  var temperatureInitValue: Float?

  struct Tower: Decodable {
    var modelType: String?
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
    /// Rows of a NaFlex tower's square position table.
    var numPatches: Int?
    var visionUseHead: Bool?
    // TIPSv2's.
    var mlpRatio: Double?
    var useSwigluFfn: Bool?
    var numRegisterTokens: Int?
    var scaleSqrtDepth: Bool?
  }
}

extension TransformersFile {
  /// The model types of whole models.
  static let types = ["clip", "metaclip_2", "siglip", "siglip2", "tipsv2"]

  /// - Parameter settings: The preprocessing settings beside the file, and the file that holds them.
  func configuration(
    file path: String, settings: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    // The override dictionaries of old files replace all others: transformers fills them up with the class's defaults.
    let text = textConfigDict ?? textConfig ?? Tower(), vision = visionConfigDict ?? visionConfig ?? Tower()
    let image = vision.imageSize?.size ?? GridSize(height: 224, width: 224)
    switch modelType {
    case "clip", "metaclip_2":
      let pictures = try Self.preprocessing(settings, image: image, .clip)
      return try clip(text, vision, file: path, pictures)
    case "siglip":
      let pictures = try Self.preprocessing(settings, image: image, .siglip)
      return try siglip(text, vision, file: path, pictures)
    case "siglip2": return try siglip2(text, vision, file: path, settings)
    case "tipsv2": return try tipsv2(file: path, settings: settings)
    default:
      throw .otherModelType(file: path, type: modelType ?? "", known: "clip, metaclip_2, siglip, siglip2 and tipsv2")
    }
  }

  /// The preprocessing: from the settings beside the file, or the class's defaults without them. Without `image`, any size is allowed.
  static func preprocessing(
    _ beside: (settings: TransformersPreprocessor, file: String)?, image: GridSize?, _ defaults: ImageProcessorDefaults
  ) throws(ConvertError) -> Preprocessing {
    if let beside { return try beside.settings.preprocessing(image: image, defaults: defaults, file: beside.file) }
    return try TransformersPreprocessor().preprocessing(
      image: image, defaults: image.map(defaults.scaled) ?? defaults, file: "")
  }

  private func clip(
    _ text: Tower, _ vision: Tower, file path: String, _ preprocessing: Preprocessing
  ) throws(ConvertError) -> Configuration {
    let vocabulary = text.vocabSize ?? 49408
    let visionBlocks = try blocks(vision, 768, 3072, heads: 12, act: "quick_gelu", eps: 1e-5, file: path)
    let textBlocks = try blocks(text, 512, 2048, heads: 8, act: "quick_gelu", eps: 1e-5, file: path)
    var notes: [String] = []
    if vision.hiddenAct == nil || text.hiddenAct == nil {
      notes.append("\(splitPath(path).name) leaves the activation out, which means quick_gelu.")
    }
    return Configuration(
      file: splitPath(path).name, embedding: projectionDim ?? 512,
      vision: VisionTower(
        image: preprocessing.size, patch: vision.patchSize ?? 32, blocks: visionBlocks, classToken: true, normPre: true,
        pooler: .classToken),
      text: TextTower(
        blocks: textBlocks, vocabulary: vocabulary, causal: true,
        pooling: pooling(end: text.eosTokenId ?? 49407, vocabulary: vocabulary), projection: .linear,
        tokenizer: tokenizer(contextLength: text.maxPositionEmbeddings ?? 77)),
      logitBias: false, preprocessing: preprocessing, notes: notes)
  }

  /// How the end of a text is found.
  private func pooling(end: Int, vocabulary: Int) -> TextPooling {
    // 2 is the wrong id in CLIP's old configurations and means the largest id; so does the last id of the vocabulary. In MetaCLIP 2 it is 2.
    if modelType == "metaclip_2" { return .endOfText(id: end) }
    return end == 2 || end == vocabulary - 1 ? .argmax : .endOfText(id: end)
  }

  private func tokenizer(contextLength: Int) -> TokenizerSpec {
    // MetaCLIP 2 has XLM-V's vocabulary; its tokenizer.json specifies everything.
    modelType == "metaclip_2"
      ? TokenizerSpec(kind: .tokenizerJSON, contextLength: contextLength, padID: 1, clean: TokenizerSpec.Clean.none)
      : TokenizerSpec(kind: .clipBPE, contextLength: contextLength)
  }

  private func siglip(
    _ text: Tower, _ vision: Tower, file path: String, _ preprocessing: Preprocessing
  ) throws(ConvertError) -> Configuration {
    guard vision.visionUseHead != false else {
      throw .configuration(file: path, reason: "it has no pooling head (vision_use_head is false)")
    }
    let act = "gelu_pytorch_tanh"
    let visionBlocks = try blocks(vision, 768, 3072, heads: 12, act: act, eps: 1e-6, file: path)
    let textBlocks = try blocks(text, 768, 3072, heads: 12, act: act, eps: 1e-6, file: path)
    return Configuration(
      file: splitPath(path).name, embedding: text.projectionSize ?? textBlocks.width,
      vision: VisionTower(
        image: preprocessing.size, patch: vision.patchSize ?? 16, blocks: visionBlocks, classToken: false,
        patchBias: true,
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
      logitBias: true, preprocessing: preprocessing)
  }

  /// NaFlex: its fixed size is the square of the maximum number of patches.
  private func siglip2(
    _ text: Tower, _ vision: Tower, file path: String, _ beside: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    let patch = vision.patchSize ?? 16, rows = vision.numPatches ?? 256
    let patches = beside?.settings.maxNumPatches ?? 256
    guard let table = exactSquareRoot(rows), (1...1024).contains(table) else {
      throw .configuration(file: path, reason: "its position table of \(rows) rows (num_patches) is not a square grid")
    }
    guard (1...10_000).contains(patch), (1...1_000_000).contains(patches) else {
      throw .configuration(file: path, reason: "\(patches) patches of \(patch) pixels are not a picture")
    }
    if let beside, let other = beside.settings.patchSize, other != patch {
      throw .unusableValue(
        file: beside.file, key: "patch_size", value: "\(other)", remedy: "the model's patches have \(patch) pixels")
    }
    let image = GridSize(square: Int(Double(patches).squareRoot()) * patch)
    var squares = beside
    squares?.settings.size = .sides(image)
    var result = try siglip(text, vision, file: path, try Self.preprocessing(squares, image: image, .siglip2))
    result.vision?.positionGrid = GridSize(square: table)
    result.preprocessing.naflex = NaFlex(patch: patch, maxPatches: patches)
    return result
  }

  private func blocks(
    _ tower: Tower, _ width: Int, _ mlpWidth: Int, heads: Int, act: String, eps: Float, file: String
  ) throws(ConvertError) -> Blocks {
    Blocks(
      width: tower.hiddenSize ?? width, layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? heads,
      mlpWidth: tower.intermediateSize ?? mlpWidth, normEps: tower.layerNormEps ?? eps,
      activation: try activation(named: tower.hiddenAct ?? act, file: file))
  }
}
