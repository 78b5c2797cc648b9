import ZooModels

/// `config.json` of a timm model.
struct TimmFile: Decodable {
  var architecture: String
  var numClasses: Int?
  var globalPool: String?
  var modelArgs: TimmArguments?
  var labelNames: [String]?
  var pretrainedCfg: Pretrained?

  struct Pretrained: Decodable {
    var inputSize: [Int]?
    var interpolation: String?
    var cropPct: Double?
    var cropMode: String?
    var mean: [Float]?
    var std: [Float]?
  }
}

extension TimmFile {
  func configuration(file path: String) throws(ConvertError) -> Configuration {
    var choices = VisionChoices()
    choices.timmName = architecture
    choices.heads = modelArgs?.numHeads
    choices.pool = modelArgs?.globalPool ?? globalPool
    choices.eps = modelArgs?.normEps
    if let name = modelArgs?.actLayer { choices.activation = try activation(named: name, file: path) }
    try choices.adoptTimmDesign(modelArgs, file: path)
    let config = pretrainedCfg
    var image = GridSize(height: 224, width: 224)
    if let size = config?.inputSize {
      guard size.count == 3 else { throw .configuration(file: path, reason: "input_size must have three numbers") }
      image = GridSize(height: size[1], width: size[2])
      choices.image = image
    }
    guard let interpolation = Preprocessing.Interpolation(rawValue: config?.interpolation ?? "bicubic") else {
      throw .configuration(file: path, reason: "its interpolation '\(config?.interpolation ?? "")' is not known")
    }
    let half: [Float] = [0.5, 0.5, 0.5]
    var result = Configuration(
      file: splitPath(path).name, embedding: numClasses ?? 1000, logitBias: false,
      preprocessing: try checked(
        Preprocessing(
          size: image, mean: config?.mean ?? half, std: config?.std ?? half, interpolation: interpolation,
          resizeMode: config?.cropMode == "squash" ? .squash : .shortest), file: path),
      labels: labelNames)
    result.visionChoices = choices
    if let fraction = config?.cropPct, fraction != 1 {
      result.notes.append(
        "timm crops the central \(fraction) of a picture; here the crop keeps the whole short side.")
    }
    return result
  }
}
