import ZooModels

/// An ecosystem that models are exported to.
public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
  /// OpenCLIP: safetensors and `open_clip_config.json`.
  case openCLIP = "openclip"
  /// Hugging Face's `CLIPModel` or `SiglipModel`: safetensors, `config.json`, `preprocessor_config.json` and tokenizer.
  case transformers
  /// big_vision's SigLIP, or Google's classifier: NPZ.
  case bigVision = "big-vision"
  /// timm's `VisionTransformer` with a linear head: safetensors and `config.json`.
  case timm

  /// The layout for a model, or a `ConvertError` that says why there is none.
  package func layout(of architecture: Architecture) throws(ConvertError) -> CheckpointLayout {
    func refusal(_ reason: String) -> ConvertError {
      .notExportable(model: architecture.name, format: rawValue, reason: reason)
    }
    if let reason = architecture.unsupported { throw refusal(reason) }
    if let half = architecture.part.half { throw refusal("it is one half of a model, the \(half)") }
    guard let vision = architecture.vision else { throw refusal("it has no image tower") }
    let (layout, obstacle) = choice(architecture, vision)
    if let obstacle { throw refusal(obstacle) }
    guard let layout, layout.holds(architecture) else { throw refusal("it has tensors for which there is no place") }
    return layout
  }

  private func choice(_ architecture: Architecture, _ vision: VisionTower) -> (CheckpointLayout?, obstacle: String?) {
    switch self {
    case .openCLIP:
      if architecture.isClassifier { return (nil, "it is a classifier") }
      if let text = architecture.text, text.isModernText {
        let isNative = CheckpointLayout.openCLIPModern.holds(architecture)
        return (
          isNative ? .openCLIPModern : .openCLIPTrunkModern,
          isNative ? architecture.nativeObstacle(vision) : nil
        )
      }
      if let text = architecture.text, text.embedding != nil {
        let isNative = CheckpointLayout.openCLIPHuggingFace.holds(architecture)
        return (
          isNative ? .openCLIPHuggingFace : .openCLIPTrunkHuggingFace,
          text.huggingFaceObstacle ?? (isNative ? architecture.nativeObstacle(vision) : nil)
        )
      }
      guard CheckpointLayout.openCLIP.holds(architecture) else { return (.openCLIPTrunk, architecture.trunkObstacle) }
      return (architecture.nativeLayout, architecture.nativeObstacle(vision))
    case .transformers:
      if architecture.isClassifier {
        guard vision.pooler == .classAndPatchMean else {
          return (nil, "it is a classifier of another kind than DINOv2's")
        }
        return (
          vision.registers > 0 ? .transformersDINOv2Registers : .transformersDINOv2, DINOv2Writer.obstacle(vision)
        )
      }
      if case .attention = vision.pooler { return (.transformersSigLIP, architecture.siglipObstacle(vision)) }
      return (.transformersCLIP, architecture.clipObstacle(vision))
    case .bigVision:
      if architecture.isClassifier { return (.googleClassifier, architecture.classifierObstacle(vision)) }
      return (.bigVision, architecture.bigVisionObstacle(vision))
    case .timm:
      guard architecture.isClassifier else { return (nil, "timm has no text tower") }
      return (.timmClassifier, architecture.timmObstacle(vision))
    }
  }
}

extension TextTower {
  /// open_clip looks up text towers of transformers on the hub by name.
  fileprivate var huggingFaceObstacle: String? {
    if embedding?.sinusoidal == true, embedding?.skipsPadding == false {
      return "open_clip has no text tower of TIPSv2's kind"
    }
    return tokenizer.source == nil
      ? "open_clip knows such a text tower by a name on the hub, which this model lacks" : nil
  }
}

extension Architecture {
  /// The open_clip class that has this model's parts.
  fileprivate var nativeLayout: CheckpointLayout {
    if case .coca = vision?.pooler { return .openCLIPCoCa }
    if text?.pooling == .classToken { return .openCLIPCoCa }
    return text?.projection == .linear ? .openCLIP : .openCLIPText
  }

  fileprivate func nativeObstacle(_ vision: VisionTower) -> String? {
    // There, quick_gelu applies to the text tower alone.
    if vision.pooler.isMeanQuery { return nil }
    if !vision.classToken { return "open_clip's image tower has a class token" }
    switch vision.pooler {
    case .tokenMean: return "open_clip has no mean over all tokens"
    case .patchMax: return "open_clip's own image tower has no pooling by the greatest values"
    case .attention: return "open_clip's own image tower has no such attention pooler"
    case .classAndPatchMean: return "open_clip's image tower gives one vector of its own width"
    case .classToken, .patchMean, .coca, .meanQuery: break
    }
    return text?.embedding == nil ? mixedActivations(vision.blocks.activation, text?.blocks.activation) : nil
  }

  fileprivate var trunkObstacle: String? {
    // open_clip's quick_gelu flag is for both towers, and has no effect on timm's.
    text?.blocks.activation == .quickGELU ? "open_clip has no quick_gelu beside an image tower of timm" : nil
  }

  fileprivate func clipObstacle(_ vision: VisionTower) -> String? {
    if vision.pooler != .classToken || !vision.classToken { return "a CLIPModel pools by the class token" }
    if !vision.normPre { return "a CLIPModel has a LayerNorm before its blocks" }
    if vision.projection != .linear || text?.projection != .linear {
      return "a CLIPModel has a projection without bias in each tower"
    }
    if text?.causal != true { return "a CLIPModel's text tower is causal" }
    switch text?.pooling {
    case .argmax, .endOfText: break
    default: return "a CLIPModel pools text at the end token"
    }
    if logitBias { return "a CLIPModel has no logit bias" }
    return squareObstacle(vision)
  }

  fileprivate func siglipObstacle(_ vision: VisionTower) -> String? {
    let blocks = vision.blocks
    guard vision.pooler == .attention(heads: blocks.heads, mlpWidth: blocks.mlpWidth, activation: blocks.activation)
    else { return "a SiglipModel's pooler has the heads, the MLP and the activation of its blocks" }
    if vision.positionGrid != nil { return "a SiglipModel has one position for each patch" }
    if vision.classToken || vision.normPre || !vision.patchBias || vision.projection != .none {
      return "a SiglipModel has no class token, no LayerNorm before its blocks and no image projection"
    }
    if text?.causal != false || text?.pooling != .last { return "a SiglipModel pools text at the last token, unmasked" }
    if text?.projection != .linearWithBias { return "a SiglipModel has a text projection with bias" }
    if !logitBias { return "a SiglipModel has a logit bias" }
    return squareObstacle(vision)
  }

  fileprivate func bigVisionObstacle(_ vision: VisionTower) -> String? {
    guard case .attention = vision.pooler, !vision.classToken, !vision.normPre, vision.patchBias,
      vision.projection == .none, text?.causal == false, text?.pooling == .last
    else { return "big_vision's is the architecture of SigLIP" }
    return nil
  }

  fileprivate func classifierObstacle(_ vision: VisionTower) -> String? {
    if vision.normPre { return "google's classifiers have no LayerNorm before their blocks" }
    if !vision.patchBias || vision.projection != .linearWithBias {
      return "google's classifiers have biases everywhere"
    }
    return vision.pooler == .classToken ? nil : "google's classifiers pool by the class token"
  }

  fileprivate func timmObstacle(_ vision: VisionTower) -> String? {
    let blocks = vision.blocks
    if vision.noFinalNorm { return "timm's VisionTransformer has a norm after its blocks" }
    if vision.pooler == .classAndPatchMean { return "timm's heads see one vector of the tower's width" }
    if blocks.rope != nil || blocks.gated || blocks.attentionNorm || blocks.mlpNorm {
      return "timm's VisionTransformer has no rotary embedding and no gates or norms inside its branches"
    }
    if blocks.postNorm, blocks.normEps != 1e-6 { return "timm's norms after the branches have epsilon 1e-6" }
    guard [1e-5, 1e-6].contains(vision.blocks.normEps) else { return "timm's LayerNorms have epsilon 1e-6 or 1e-5" }
    return nil
  }

  private func squareObstacle(_ vision: VisionTower) -> String? {
    vision.image.height == vision.image.width ? nil : "transformers' configuration has square pictures"
  }

  private func mixedActivations(_ vision: Activation, _ text: Activation?) -> String? {
    (vision == .quickGELU) == (text == .quickGELU) ? nil : "open_clip has quick_gelu in both towers or in none"
  }
}
