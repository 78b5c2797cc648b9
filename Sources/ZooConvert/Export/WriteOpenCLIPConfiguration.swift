import Foundation
import ZooModels

/// `open_clip_config.json` of a model: what `OpenCLIPFile` reads.
struct OpenCLIPConfigurationWriter {
  let architecture: Architecture
  /// The architecture's image tower.
  let vision: VisionTower
  let preprocessing: Preprocessing
  let layout: CheckpointLayout
  /// Whether CLIP's tokenizer differs from open_clip's own, which needs no files.
  let hasOwnTokenizer: Bool

  private typealias Fields = [String: ConfigurationText]

  func text() throws -> Data {
    var model: Fields = ["embed_dim": .integer(architecture.embedding), "text_cfg": .object(textFields)]
    if layout != .openCLIP { model["custom_text"] = true }
    if architecture.logitBias { model["init_logit_bias"] = -10 }
    var file: Fields = ["preprocess_cfg": .object(preprocessFields)]
    if layout.hasTrunk || layout == .bigVision {
      let tower = TimmTower(vision, name: architecture.name, family: architecture.family)
      model["vision_cfg"] = [
        "image_size": .size(vision.image), "timm_model_name": .text(tower.openCLIPName),
        "timm_model_pretrained": false, "timm_pool": .text(tower.pool),
        "timm_proj": vision.projection == .none ? "none" : vision.projection == .linear ? "linear" : .null,
      ]
      // Not read by open_clip: describes an image tower without a published name.
      file["timm_model_args"] = .object(tower.allArguments)
    } else {
      // The activation does not apply to a ResNet.
      let blocks = vision.pooler.isMeanQuery ? architecture.text?.blocks : vision.blocks
      if blocks?.activation == .quickGELU { model["quick_gelu"] = true }
      model["vision_cfg"] = .object(visionFields)
    }
    file["model_cfg"] = .object(model)
    return try ConfigurationText.object(file).data()
  }

  private var visionFields: Fields {
    let tower = vision, blocks = tower.blocks
    if case .resNet(let stem) = tower.stem {
      return [
        "image_size": .size(tower.image), "layers": .integers(stem.bottlenecks), "width": .integer(stem.width),
        "head_width": .integer(blocks.headWidth),
      ]
    }
    var fields: Fields = [
      "image_size": .size(tower.image), "layers": .integer(blocks.layers), "width": .integer(blocks.width),
      "head_width": .integer(blocks.headWidth), "patch_size": .integer(tower.patch),
    ]
    if !tower.normPre { fields["no_ln_pre"] = true }
    if blocks.layerScale { fields["ls_init_value"] = .number(1e-5) }
    switch tower.pooler {
    case .coca(let heads, let queries, _):
      fields["attentional_pool"] = true
      fields["attn_pooler_heads"] = .integer(heads)
      fields["attn_pooler_queries"] = .integer(queries)
    case .patchMean(let normFirst):
      fields["pool_type"] = "avg"
      if !normFirst { fields["final_ln_after_pool"] = true }
    case .classToken, .tokenMean, .patchMax, .classAndPatchMean, .attention, .meanQuery: break
    }
    return fields.merging(choices(blocks)) { $1 }
  }

  private var textFields: Fields {
    guard let tower = architecture.text else { return [:] }
    if tower.isModernText { return modernFields(tower) }
    if tower.embedding != nil { return huggingFaceFields(tower) }
    let tokenizer = tower.tokenizer
    var fields: Fields = [
      "context_length": .integer(tower.contextLength), "vocab_size": .integer(tower.vocabulary),
      "width": .integer(tower.blocks.width), "heads": .integer(tower.blocks.heads),
      "layers": .integer(tower.blocks.layers),
    ]
    if tower.blocks.layerScale { fields["ls_init_value"] = .number(1e-5) }
    if !tower.causal { fields["no_causal_mask"] = true }
    switch tower.pooling {
    case .argmax: break
    case .last: fields["pool_type"] = "last"
    case .endOfText(let id): (fields["pool_type"], fields["eos_id"]) = ("eos", .integer(id))
    case .classToken: fields["embed_cls"] = true
    case .first, .mean, .attention: break  // Only other text towers have these.
    }
    if tokenizer.padID != 0, tower.pooling == .classToken { fields["pad_id"] = .integer(tokenizer.padID) }
    switch tower.projection {
    case .none: fields["proj_type"] = "none"
    case .linear, .mlp: break
    case .linearWithBias: fields["proj_bias"] = true
    }
    if !tokenizer.kind.isCLIP || hasOwnTokenizer {
      fields["hf_tokenizer_name"] = .text(tokenizer.source ?? architecture.name)
      var arguments: Fields = ["clean": .text(tokenizer.clean.openCLIPName)]
      if tokenizer.frame == .clips { fields["tokenizer_mode"] = "clips" }
      if tokenizer.stripSeparator { arguments["strip_sep_token"] = true }
      fields["tokenizer_kwargs"] = .object(arguments)
    }
    return fields.merging(choices(tower.blocks)) { $1 }
  }

  /// A text tower of transformers, which open_clip creates from the name of a model on the hub.
  private func huggingFaceFields(_ tower: TextTower) -> Fields {
    let name = ConfigurationText.text(tower.tokenizer.source ?? "")
    var own: Fields = [:]
    var arguments: Fields = ["clean": .text(tower.tokenizer.clean.openCLIPName)]
    if let language = tower.tokenizer.language { arguments["language"] = .text(language) }
    if tower.blocks.sequenceRope != nil, tower.tokenizer.padID != HuggingFaceTextModel.Kind.modernBERT.padID {
      own["hf_model_config"] = ["pad_token_id": .integer(tower.tokenizer.padID)]
    }
    return own.merging([
      "hf_model_name": name, "hf_tokenizer_name": name, "hf_model_pretrained": false,
      "hf_pooler_type": tower.pooling == .mean ? "mean_pooler" : "cls_last_hidden_state_pooler",
      "hf_proj_type": tower.projection == .none ? .null : tower.projection == .mlp ? "mlp" : "linear",
      "context_length": .integer(tower.contextLength), "tokenizer_kwargs": .object(arguments),
    ]) { $1 }
  }

  /// open_clip's `ModernTextTransformer`.
  private func modernFields(_ tower: TextTower) -> Fields {
    let blocks = tower.blocks, tokenizer = tower.tokenizer
    var fields: Fields = [
      "text_arch": "modern", "context_length": .integer(tower.contextLength), "vocab_size": .integer(tower.vocabulary),
      "width": .integer(blocks.width), "heads": .integer(blocks.heads), "layers": .integer(blocks.layers),
      "mlp_ratio": .ratio(mlpRatio(blocks.width, blocks.mlpWidth)), "mlp_type": blocks.gated ? "swiglu" : "mlp",
      "attention_mode": tower.causal ? "causal" : "bidirectional", "norm_type": blocks.rms ? "rmsnorm" : "layernorm",
      "norm_eps": .number(blocks.normEps), "qk_norm": .flag(blocks.queryKeyNorm),
      "attn_gated": .flag(blocks.attentionGate),
      "pre_norm": .flag(tower.embedding?.norm == true), "pad_id": .integer(tokenizer.padID),
      "pos_embed": blocks.sequenceRope == nil ? "none" : "rope",
    ]
    if let rope = blocks.sequenceRope { fields["rope_temperature"] = .number(rope.temperature) }
    if let id = tokenizer.bosID { fields["bos_id"] = .integer(id) }
    if blocks.layerScale { fields["ls_init_value"] = .number(1e-5) }
    switch tower.pooling {
    case .endOfText(let id): (fields["pool_type"], fields["eos_id"]) = ("eos", .integer(id))
    case .attention: fields["pool_type"] = "map"
    default: fields["pool_type"] = "mean"
    }
    if tower.projection == .none { fields["proj_type"] = "none" }
    if tower.projection == .linearWithBias { fields["proj_bias"] = true }
    if tokenizer.kind == .tiktoken {
      (fields["tokenizer_type"], fields["tiktoken_name"]) = ("tiktoken", .text(tokenizer.source ?? "r50k_base"))
      if tokenizer.clean != .none { fields["tokenizer_kwargs"] = ["clean": .text(tokenizer.clean.openCLIPName)] }
    } else {
      fields["hf_tokenizer_name"] = .text(tokenizer.source ?? architecture.name)
      fields["tokenizer_kwargs"] = ["clean": .text(tokenizer.clean.openCLIPName)]
    }
    return fields
  }

  /// Choices about the blocks of either tower that differ from open_clip's defaults.
  private func choices(_ blocks: Blocks) -> Fields {
    var fields: Fields = [:]
    if blocks.mlpWidth != 4 * blocks.width { fields["mlp_ratio"] = .ratio(mlpRatio(blocks.width, blocks.mlpWidth)) }
    if blocks.normEps != 1e-5 { fields["norm_kwargs"] = ["eps": .number(blocks.normEps)] }
    if blocks.activation == .geluTanh { fields["act_kwargs"] = ["approximate": "tanh"] }
    return fields
  }

  private var preprocessFields: Fields {
    var fields: Fields = [
      "mean": .numbers(preprocessing.mean), "std": .numbers(preprocessing.std),
      "interpolation": .text(preprocessing.interpolation.rawValue),
      "resize_mode": .text(preprocessing.resizeMode.rawValue),
    ]
    if preprocessing.size != vision.image { fields["size"] = .size(preprocessing.size) }
    if preprocessing.fill != 0 { fields["fill_color"] = .integer(preprocessing.fill) }
    return fields
  }
}

extension TokenizerSpec.Clean {
  /// The nearest of open_clip's modes.
  fileprivate var openCLIPName: String {
    switch self {
    case .none, .whitespace: "whitespace"
    case .lower, .asciiLower: "lower"
    case .canonicalize, .siglip: "canonicalize"
    }
  }
}
