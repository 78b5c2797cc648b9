import Foundation
import ZooModels

/// `config.json` of a `CLIPModel` or `SiglipModel`: what `TransformersFile` reads.
struct TransformersConfigurationWriter {
  let architecture: Architecture
  /// The architecture's image tower.
  let vision: VisionTower
  let isSigLIP: Bool
  /// False if the embedding table has rows after that of the end-of-text token.
  var endsWithLargestID = true
  /// The element type of most weights, by PyTorch's name.
  let dtype: String

  private typealias Fields = [String: ConfigurationText]

  func config() throws -> Data {
    let kind = isSigLIP ? "siglip" : "clip"
    var file: Fields = [
      "architectures": [isSigLIP ? "SiglipModel" : "CLIPModel"], "model_type": .text(kind),
      "torch_dtype": .text(dtype), "text_config": .object(textFields), "vision_config": .object(visionFields),
    ]
    if !isSigLIP {
      file["projection_dim"] = .integer(architecture.embedding)
      file["logit_scale_init_value"] = .number(2.6592)
    }
    return try ConfigurationText.object(file).data()
  }

  private var visionFields: Fields {
    let tower = vision
    var fields = blocks(tower.blocks)
    fields["model_type"] = .text(isSigLIP ? "siglip_vision_model" : "clip_vision_model")
    fields["image_size"] = .integer(tower.image.height)
    fields["patch_size"] = .integer(tower.patch)
    fields["num_channels"] = 3
    if isSigLIP {
      fields["vision_use_head"] = true
    } else {
      fields["projection_dim"] = .integer(architecture.embedding)
    }
    return fields
  }

  private var textFields: Fields {
    guard let tower = architecture.text else { return [:] }
    var fields = blocks(tower.blocks)
    fields["model_type"] = .text(isSigLIP ? "siglip_text_model" : "clip_text_model")
    fields["vocab_size"] = .integer(tower.vocabulary)
    fields["max_position_embeddings"] = .integer(tower.contextLength)
    if isSigLIP {
      fields["projection_size"] = .integer(architecture.embedding)
      (fields["pad_token_id"], fields["eos_token_id"]) = (.integer(tower.tokenizer.padID), 1)
      fields["bos_token_id"] = .null
    } else {
      fields["projection_dim"] = .integer(architecture.embedding)
      // The last id of CLIP's vocabulary is the end of text and the largest id. Otherwise, 2 stands for the largest.
      var end = endsWithLargestID ? tower.vocabulary - 1 : 2
      if case .endOfText(let id) = tower.pooling { end = id }
      fields["eos_token_id"] = .integer(end)
      fields["bos_token_id"] = .integer(tower.tokenizer.bosID ?? max(end - 1, 0))
      fields["pad_token_id"] = .integer(end)
    }
    return fields
  }

  private func blocks(_ blocks: Blocks) -> Fields {
    [
      "hidden_size": .integer(blocks.width), "intermediate_size": .integer(blocks.mlpWidth),
      "num_hidden_layers": .integer(blocks.layers), "num_attention_heads": .integer(blocks.heads),
      "hidden_act": .text(Self.name(of: blocks.activation)), "layer_norm_eps": .number(blocks.normEps),
      "attention_dropout": .number(0),
    ]
  }

  /// transformers' name for an activation.
  static func name(of activation: Activation) -> String {
    switch activation {
    case .gelu: "gelu"
    case .geluTanh: "gelu_pytorch_tanh"
    case .quickGELU: "quick_gelu"
    case .silu: "silu"
    case .relu: "relu"
    }
  }
}
