import ZooModels

/// `config.json` of a classifier of transformers: ViT or DeiT. Fields that are left out have the defaults of the class.
struct TransformersClassifierFile: Decodable {
  var modelType: String?
  var architectures: [String]?
  var id2label: ClassNames?
}

extension TransformersClassifierFile {
  /// - Parameters:
  ///   - tower: the file's top read as a tower.
  ///   - settings: those for pictures beside the file, and the file that has them.
  func configuration(
    file path: String, tower: TransformersFile.Tower, settings: (settings: TransformersPreprocessor, file: String)?
  ) throws(ConvertError) -> Configuration {
    if let name = architectures?.first(where: { $0.hasSuffix("WithTeacher") }) {
      throw .unsupported(path: path, architecture: name, reason: "it averages two heads on two class tokens")
    }
    let defaults = ["vit": ImageProcessorDefaults.vit, "deit": .deit]
    guard let modelType, let defaults = defaults[modelType] else {
      throw .configuration(
        file: path, reason: "its model_type '\(modelType ?? "")' is neither vit nor deit, which its tensors are")
    }
    let image = tower.imageSize?.size ?? GridSize(square: 224)
    let pictures = try TransformersFile.preprocessing(settings, image: image, defaults)
    var choices = VisionChoices()
    choices.image = pictures.size
    choices.heads = tower.numAttentionHeads ?? 12
    choices.activation = try activation(named: tower.hiddenAct ?? "gelu", file: path)
    choices.eps = tower.layerNormEps ?? 1e-12
    choices.pool = "token"
    var result = Configuration(
      file: splitPath(path).name, embedding: id2label?.inOrder.count ?? 2, logitBias: false, preprocessing: pictures,
      labels: id2label?.inOrder)
    result.visionChoices = choices
    return result
  }
}
