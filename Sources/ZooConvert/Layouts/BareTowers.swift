import ZooModels

// Towers that transformers 5 saves separately from their own classes: the keys of a half without the name of the tower.
extension CheckpointLayout {
  /// `CLIPVisionModel` as transformers 5 writes it.
  static let bareCLIPImage = transformersCLIPImage.bare("vision_model.", forbids: ["classifier.weight", "head.probe"])
  /// `CLIPTextModel` as transformers 5 writes it.
  static let bareCLIPTextTower = transformersCLIPTextTower.bare("text_model.", forbids: ["head.weight"])
  /// `SiglipVisionModel` as transformers 5 writes it.
  static let bareSigLIPImage = transformersSigLIPImage.bare("vision_model.")
  /// `Siglip2VisionModel` as transformers 5 writes it.
  static let bareSigLIP2Image = transformersSigLIP2Image.bare("vision_model.")
  /// `SiglipTextModel` and `Siglip2TextModel` as transformers 5 writes them.
  static let bareSigLIPTextTower = transformersSigLIPTextTower.bare("text_model.")

  /// The same layout for names without `prefix`.
  private func bare(_ prefix: String, forbids: [String] = []) -> CheckpointLayout {
    @Sendable func named(_ headers: Headers) -> Headers {
      Headers(
        headers.entries.map {
          Headers.Entry(name: prefix + $0.name, dtype: $0.dtype, shape: $0.shape, isCounting: $0.isCounting)
        })
    }
    @Sendable func bareName(_ name: String) -> String {
      name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
    return CheckpointLayout(
      source, name: "\(name)-bare", title: "\(title) without '\(prefix)'", part: part,
      fingerprint: Fingerprint(
        needs: fingerprint.needs.map { $0.map(bareName) }, forbids: forbids,
        ranks: Dictionary(uniqueKeysWithValues: fingerprint.ranks.map { (bareName($0), $1) }),
        forbidsPrefixes: ["vision_model.", "text_model."]),
      resampling: resampling, convention: convention, drops: { drops(named($0)) }, measure: { measure(named($0)) },
      expression: { target in
        expression(
          Target(
            name: target.name, shape: target.shape, architecture: target.architecture, headers: named(target.headers)))?
          .renamed(bareName)
      })
  }
}
