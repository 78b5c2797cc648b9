import ZooCheckpoints
import ZooModels

/// `config.json` of a timm model.
struct TimmFile: Decodable {
  let model: Model
  /// The settings of the weights, which old files have at the top level.
  let pretrained: Pretrained

  struct Model: Decodable {
    var architecture: String
    var numClasses: Int?
    var globalPool: String?
    var modelArgs: TimmArguments?
    var labelNames: ClassNames?
    var labels: ClassNames?
    var pretrainedCfg: Pretrained?
  }

  struct Pretrained: Decodable {
    var inputSize: [Int]?
    var fixedInputSize: Bool?
    var interpolation: String?
    var cropPct: Double?
    var cropMode: String?
    var mean: [Float]?
    var std: [Float]?
    var labelNames: ClassNames?
  }

  init(from decoder: any Decoder) throws {
    model = try Model(from: decoder)
    pretrained = try model.pretrainedCfg ?? Pretrained(from: decoder)
  }
}

extension TimmFile {
  func configuration(file path: String) throws(ConvertError) -> Configuration {
    let arguments = model.modelArgs
    var choices = VisionChoices()
    choices.timmName = model.architecture
    choices.heads = arguments?.numHeads
    choices.pool = arguments?.globalPool ?? model.globalPool
    guard choices.pool != "" else {
      throw .unusableValue(
        file: path, key: "global_pool", value: "\"\"", remedy: "zoo runs classifiers that pool their tokens")
    }
    choices.eps = arguments?.normEps
    if let name = arguments?.actLayer { choices.activation = try activation(named: name, file: path) }
    try choices.adoptTimmDesign(arguments, file: path)
    let input = try inputSize(file: path)
    choices.image = arguments?.imgSize?.size ?? input
    // A model with a fixed size gets pictures of that size, whatever its weights were trained with.
    let size = (pretrained.fixedInputSize == true ? choices.image : nil) ?? input ?? choices.image
    var result = Configuration(
      file: splitPath(path).name, embedding: model.numClasses ?? 1000, logitBias: false,
      preprocessing: try checked(try preprocessing(size: size ?? GridSize(square: 224), file: path), file: path),
      labels: (model.labelNames ?? pretrained.labelNames ?? model.labels)?.inOrder)
    result.visionChoices = choices
    return result
  }

  private func inputSize(file: String) throws(ConvertError) -> GridSize? {
    guard let size = pretrained.inputSize else { return nil }
    guard size.count == 3, size[0] == 3, size.allSatisfy((1...65535).contains) else {
      throw .unusableValue(
        file: file, key: "input_size", value: "\(size)", remedy: "it must be [3, height, width]")
    }
    return GridSize(height: size[1], width: size[2])
  }

  /// timm's evaluation transform (`transforms_imagenet_eval`), with its defaults.
  private func preprocessing(size: GridSize, file: String) throws(ConvertError) -> Preprocessing {
    let mean = pretrained.mean ?? [0.485, 0.456, 0.406]
    let filter = pretrained.interpolation ?? "bicubic"
    guard let interpolation = Preprocessing.Interpolation(rawValue: filter) else {
      throw .configuration(file: file, reason: "its interpolation '\(filter)' is not known")
    }
    let fraction = pretrained.cropPct ?? 0.875
    guard fraction > 0.01, fraction <= 100 else {
      throw .unusableValue(
        file: file, key: "crop_pct", value: "\(fraction)", remedy: "it must be a share of the picture")
    }
    func enlarged(_ side: Int) -> Int { max(1, Int((Double(side) / fraction).rounded(.down))) }
    var result = Preprocessing(
      size: size, resizeSize: GridSize(height: enlarged(size.height), width: enlarged(size.width)), mean: mean,
      std: pretrained.std ?? [0.229, 0.224, 0.225], interpolation: interpolation)
    switch pretrained.cropMode ?? "center" {
    case "squash": result.resizeMode = .squash
    case "border":
      guard Set(mean).count == 1 else {
        throw .unusableValue(
          file: file, key: "crop_mode", value: "\"border\"",
          remedy: "zoo fills borders in one shade, and its mean has several; use center or squash")
      }
      result.resizeMode = .longest
      result.fill = Int((255 * Double(mean[0])).rounded(.toNearestOrEven))
    // timm treats any other word as center, too.
    default: result.resizeMode = .shortest
    }
    return result
  }
}

/// Names of classes: a list, or an object with numbers as keys.
struct ClassNames: Decodable {
  /// By class; a class without a name is named by its number.
  let inOrder: [String]

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let list = try? value.decode([String].self) {
      inOrder = list
      return
    }
    let names = try value.decode([String: String].self)
    let numbers = names.keys.compactMap(Int.init)
    guard numbers.count == names.count, numbers.allSatisfy((0..<1_000_000).contains) else {
      throw DecodingError.dataCorruptedError(
        in: value, debugDescription: "expected class names in a list, or by the numbers of their classes")
    }
    inOrder = (0...(numbers.max() ?? 0)).map { names["\($0)"] ?? "class \($0)" }
  }
}
