import ZooCheckpoints
import ZooModels

extension TransformersFile {
  /// TIPSv2: the class token of an image tower like DINOv2's and the mean of a prompt's tokens are compared directly. The published files have no
  /// temperature, so the one in the configuration divides the cosine.
  func tipsv2(
    file path: String, settings: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    guard let text = textConfig, let vision = visionConfig else {
      throw .configuration(
        file: path, reason: "it has no text_config and no vision_config, which a Tipsv2Model of transformers has")
    }
    let image = vision.imageSize?.size ?? GridSize(square: 448)
    let pictures = try Self.preprocessing(settings, image: image, .tipsv2)
    let width = vision.hiddenSize ?? 768, isGated = vision.useSwigluFfn ?? false
    var mlpWidth = Int(Double(width) * min(vision.mlpRatio ?? 4, 1000))
    // Two thirds, rounded up to a multiple of 8.
    if isGated { mlpWidth = (mlpWidth * 2 / 3 + 7) / 8 * 8 }
    let length = text.maxPositionEmbeddings ?? 64
    var result = Configuration(
      file: splitPath(path).name, embedding: width,
      vision: VisionTower(
        image: pictures.size, patch: vision.patchSize ?? 14,
        blocks: Blocks(
          width: width, layers: vision.numHiddenLayers ?? 12, heads: vision.numAttentionHeads ?? 12, mlpWidth: mlpWidth,
          normEps: vision.layerNormEps ?? 1e-6,
          activation: isGated ? .silu : try activation(named: vision.hiddenAct ?? "gelu", file: path), layerScale: true,
          gated: isGated),
        classToken: true, registers: vision.numRegisterTokens ?? 1, patchBias: true, pooler: .classToken,
        resampling: .bilinearAntialias, projection: .none),
      text: TextTower(
        blocks: Blocks(
          width: text.hiddenSize ?? 768, layers: text.numHiddenLayers ?? 12, heads: text.numAttentionHeads ?? 12,
          mlpWidth: text.intermediateSize ?? 3072, normEps: text.layerNormEps ?? 1e-5,
          activation: text.hiddenAct ?? "relu" == "relu"
            ? .relu : try activation(named: text.hiddenAct ?? "", file: path)),
        vocabulary: text.vocabSize ?? 32000, causal: false, hidesPadding: true,
        embedding: TextEmbedding(positions: 0, sinusoidal: true, scaled: text.scaleSqrtDepth ?? true), pooling: .mean,
        projection: .none,
        tokenizer: TokenizerSpec(
          kind: .sentencePiece, contextLength: length, padID: 0, clean: .asciiLower, frame: .bare)),
      logitBias: false, preprocessing: pictures)
    result.temperature = temperatureInitValue ?? 0.005065968260169029
    return result
  }
}
