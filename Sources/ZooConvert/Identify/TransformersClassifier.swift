import ZooCheckpoints
import ZooModels

/// `config.json` of a classifier of transformers: ViT or DeiT. Fields that are left out have the defaults of the class.
struct TransformersClassifierFile: Decodable {
  var modelType: String?
  var architectures: [String]?
  var id2label: ClassNames?
}

extension TransformersClassifierFile {
  /// What the classes of a kind have where a file leaves it out, and how they pool.
  private struct Kind {
    var pictures: ImageProcessorDefaults
    var activation = "gelu"
    var eps: Float = 1e-12
    var pool = "token"
  }

  private static let kinds = [
    "vit": Kind(pictures: .vit), "deit": Kind(pictures: .deit),
    "clip": Kind(pictures: .clip, activation: "quick_gelu", eps: 1e-5, pool: "avg"),
  ]

  /// - Parameter settings: those for pictures beside the file, and the file that has them.
  func configuration(
    file path: String, settings: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    if let name = architectures?.first(where: { $0.hasSuffix("WithTeacher") }) {
      throw .unsupported(path: path, architecture: name, reason: "it averages two heads on two class tokens")
    }
    guard let modelType, let kind = Self.kinds[modelType] else {
      throw .otherModelType(file: path, type: modelType ?? "", known: "vit, deit and clip, which its tensors are")
    }
    // CLIP's file has a tower of its own inside, the others' is that of the tower.
    let nested = try readJSON(TransformersFile.self, path)
    var tower = nested.visionConfigDict ?? nested.visionConfig
    if tower == nil { tower = try readJSON(TransformersFile.Tower.self, path) }
    guard let tower else { throw .configuration(file: path, reason: "it has no vision_config") }
    let image = tower.imageSize?.size ?? GridSize(square: 224)
    let pictures = try TransformersFile.preprocessing(settings, image: image, kind.pictures)
    var choices = VisionChoices()
    choices.image = pictures.size
    choices.heads = tower.numAttentionHeads ?? 12
    choices.activation = try activation(named: tower.hiddenAct ?? kind.activation, file: path)
    choices.eps = tower.layerNormEps ?? kind.eps
    choices.pool = kind.pool
    var result = Configuration(
      file: splitPath(path).name, embedding: id2label?.inOrder.count ?? 2, logitBias: false, preprocessing: pictures,
      labels: id2label?.inOrder)
    result.visionChoices = choices
    return result
  }
}
