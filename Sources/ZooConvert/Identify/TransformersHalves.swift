extension TransformersFile {
  /// The model types of towers that were saved alone, and the whole model's.
  private static let halves = [
    "clip_vision_model": "clip", "clip_text_model": "clip", "siglip_vision_model": "siglip",
    "siglip_text_model": "siglip",
  ]

  /// Reads `config.json`. That of a tower alone has the tower's fields at the top: both towers are given them, and the one
  /// that is not there is left out with its part of the architecture.
  static func read(_ path: String) throws(ConvertError) -> TransformersFile {
    var file = try readJSON(TransformersFile.self, path)
    guard let whole = file.modelType.flatMap({ halves[$0] }) else { return file }
    let tower = try readJSON(Tower.self, path)
    (file.modelType, file.visionConfig, file.textConfig) = (whole, tower, tower)
    return file
  }

  /// The rules for the keys of a `config.json`, of a whole model or of a tower alone.
  static func keys(of path: String) throws(ConvertError) -> KeyTable {
    guard let type = try readJSON(TransformersFile.self, path).modelType, halves[type] != nil else { return keys }
    return keys.merging(type.contains("vision") ? visionKeys : textKeys) { $1 }
  }
}
