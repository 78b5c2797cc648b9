import ZooCheckpoints
import ZooModels

/// `config.json` of a classifier of transformers. Missing fields have the defaults of the class.
struct TransformersClassifierFile: Decodable {
  var modelType: String?
  var architectures: [String]?
  var id2label: ClassNames?

  /// The layouts of these classifiers.
  static let layouts = [
    CheckpointLayout.transformersViT, .transformersDINOv2, .transformersDINOv2Registers, .transformersCLIPClassifier,
  ]
}

extension TransformersClassifierFile {
  /// The defaults of a kind's class for missing fields, and how it pools.
  private struct Kind {
    var pictures: ImageProcessorDefaults
    var activation = "gelu"
    var eps: Float = 1e-12
    var pool = "token"
    var patch = 16
    /// How positions are resampled for pictures of another size than in training.
    var resampling: PositionResampling?
  }

  private static let kinds = [
    "vit": Kind(pictures: .vit), "deit": Kind(pictures: .deit),
    "clip": Kind(pictures: .clip, activation: "quick_gelu", eps: 1e-5, pool: "avg"),
    "dinov2": Kind(pictures: .clip, eps: 1e-6, patch: 14, resampling: .bicubic),
    "dinov2_with_registers": Kind(pictures: .clip, eps: 1e-6, resampling: .bicubicAntialias),
  ]

  /// - Parameter settings: The preprocessing settings beside the file, and the file that holds them.
  func configuration(
    file path: String, settings: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    if let name = architectures?.first(where: { $0.hasSuffix("WithTeacher") }) {
      throw .unsupported(path: path, architecture: name, reason: "it averages two heads on two class tokens")
    }
    guard let modelType, let kind = Self.kinds[modelType] else {
      throw .otherModelType(
        file: path, type: modelType ?? "",
        known: "vit, deit, clip, dinov2 and dinov2_with_registers, which its tensors are")
    }
    // CLIP's file contains a nested tower; the others are that of the tower.
    let nested = try readJSON(TransformersFile.self, path)
    var tower = nested.visionConfigDict ?? nested.visionConfig
    if tower == nil { tower = try readJSON(TransformersFile.Tower.self, path) }
    guard let tower else { throw .configuration(file: path, reason: "it has no vision_config") }
    let image = tower.imageSize?.size ?? GridSize(square: 224)
    let pictures = try TransformersFile.preprocessing(
      settings, image: kind.resampling == nil ? image : nil, kind.pictures)
    var choices = VisionChoices()
    choices.image = pictures.size
    choices.heads = tower.numAttentionHeads ?? 12
    choices.activation = try activation(named: tower.hiddenAct ?? kind.activation, file: path)
    choices.eps = tower.layerNormEps ?? kind.eps
    choices.pool = kind.pool
    if let resampling = kind.resampling {
      choices.resampling = resampling
      let patch = max(1, tower.patchSize ?? kind.patch)
      choices.tableGrid = GridSize(height: image.height / patch, width: image.width / patch)
      // `hidden_act` is not read if `use_swiglu_ffn` is set.
      choices.hasSwiGLU = true
    }
    var result = Configuration(
      file: splitPath(path).name, embedding: id2label?.inOrder.count ?? 2, logitBias: false, preprocessing: pictures,
      labels: id2label?.inOrder)
    result.visionChoices = choices
    return result
  }
}
