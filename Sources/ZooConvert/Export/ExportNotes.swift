import ZooModels

/// What another ecosystem does differently with a model, in full sentences.
func exportNotes(_ model: ModelDescription, _ plan: ExportPlan) -> [String] {
  let architecture = model.architecture
  guard let vision = architecture.vision else { return [] }
  var notes: [String] = []
  if plan.layout == .openCLIPCoCa {
    notes.append(
      "The captioning decoder was left out when the model was converted: open_clip loads it as CustomTextCLIP.")
  }
  if plan.layout.hasTrunk {
    if vision.blocks.activation == .geluTanh {
      notes.append("open_clip runs timm's image towers with the exact GELU; this model was trained with the tanh form.")
    }
    let tower = TimmTower(vision, name: architecture.name, family: architecture.family)
    if tower.openCLIPName.hasPrefix("vit_custom") {
      notes.append(
        "timm has no image tower with these dimensions: register '\(tower.openCLIPName)' with the timm_model_args of "
          + "open_clip_config.json before open_clip loads it.")
    }
  }
  if plan.format == .bigVision {
    let activations = [vision.blocks.activation, architecture.text?.blocks.activation].compactMap(\.self)
    if activations.contains(where: { $0 != .geluTanh }) {
      notes.append(
        "big_vision and google's code run the tanh form of GELU; this model runs \(activations[0].rawValue).")
    }
    if vision.blocks.normEps != 1e-6 {
      notes.append("flax's LayerNorms have epsilon 1e-6, not \(vision.blocks.normEps).")
    }
  }
  if plan.format == .openCLIP, architecture.text?.tokenizer.kind == .clipHF {
    notes.append(
      "open_clip repairs prompts before it cuts them (quotation marks, HTML entities, broken characters); transformers and this "
        + "model do not.")
  }
  if let preprocessing = model.preprocessing, preprocessing.naflex != nil {
    notes.append(
      "Pictures are all resized to \(preprocessing.size) there; here each keeps its proportions, with up to "
        + "\(preprocessing.sizeText).")
  }
  if let preprocessing = model.preprocessing, preprocessing.convention != plan.layout.convention {
    notes.append(
      "\(plan.format.rawValue) has its own rules for a crop's odd pixel and for alpha: some pictures are prepared "
        + "slightly differently there.")
  }
  if let own = vision.resampling.differing(in: plan.layout) {
    notes.append(
      "For pictures of another size, its positions are resampled there by \(own.rawValue), here by "
        + "\(vision.resampling.rawValue).")
  }
  return notes
}

extension PositionResampling {
  /// The method of a layout's ecosystem, if it differs from this one.
  fileprivate func differing(in layout: CheckpointLayout) -> PositionResampling? {
    let own: PositionResampling
    switch self {
    case .bicubicAntialias, .bilinearAntialias: own = layout.resampling ?? self
    case .bicubic, .bilinear, .bilinearCorners: own = layout.resampling ?? .bicubicAntialias
    }
    return own == self ? nil : own
  }
}
