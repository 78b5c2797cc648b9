import ZooModels

extension TransformersFile {
  /// The model types of towers that were saved separately, and those of the whole models.
  private static let halves = [
    "clip_vision_model": "clip", "clip_text_model": "clip", "metaclip_2_vision_model": "metaclip_2",
    "metaclip_2_text_model": "metaclip_2", "siglip_vision_model": "siglip",
    "siglip_text_model": "siglip", "siglip2_vision_model": "siglip2",
    // The text tower is independent of NaFlex.
    "siglip2_text_model": "siglip",
  ]

  /// Reads `config.json`. That of a single tower has the tower's fields at the top level: both towers are given them, and the missing one is dropped
  /// with its part of the architecture.
  ///
  /// - Parameter part: For an image tower, the configuration of a surrounding vision-language model is accepted as well (LLaVA).
  static func read(_ path: String, part: ModelPart) throws(ConvertError) -> TransformersFile {
    var file = try readJSON(TransformersFile.self, path)
    if let whole = file.towerType(part) {
      // The language model's own text tower is not read.
      (file.modelType, file.textConfig) = (whole, file.visionConfig)
      return file
    }
    guard let whole = file.modelType.flatMap({ halves[$0] }) else { return file }
    let tower = try readJSON(Tower.self, path)
    (file.modelType, file.visionConfig, file.textConfig) = (whole, tower, tower)
    return file
  }

  /// The rules for the keys of a `config.json`, of a whole model or of a tower alone.
  static func keys(of path: String, part: ModelPart) throws(ConvertError) -> KeyTable {
    let file = try readJSON(TransformersFile.self, path)
    if file.towerType(part) != nil, case .object(let members) = try readPlainJSON(path) {
      let others = members.mapValues { _ in KeyRule.irrelevant("the model around the image tower reads it") }
      return others.merging(["vision_config": .object(visionKeys)]) { $1 }
    }
    if file.modelType == "tipsv2" { return tipsv2Keys }
    guard let type = file.modelType, halves[type] != nil else { return keys }
    return keys.merging(type.contains("vision") ? visionKeys : textKeys) { $1 }
  }

  /// The model type, of the whole model, for the image tower inside another model; nil for any other configuration.
  private func towerType(_ part: ModelPart) -> String? {
    guard part == .imageTower, let type = modelType, !Self.types.contains(type), Self.halves[type] == nil else {
      return nil
    }
    return visionConfig?.modelType.flatMap { Self.halves[$0] }
  }
}
