/// A kind of checkpoint that people try to convert although it is not an image-text model, recognised by its names.
struct FamiliarCheckpoint: Sendable {
  let title: String
  /// Each must occur in some name; inner lists are alternatives.
  let marks: [[String]]
  /// None of these may occur in any name.
  var absent: [String] = []
  let advice: String?
  /// Whether it needs a base model, which `adapter_config.json` may name.
  var isAdapter = false

  func isLike(_ headers: Headers) -> Bool {
    func occurs(_ mark: String) -> Bool { headers.entries.contains { $0.name.contains(mark) } }
    return marks.allSatisfy { $0.contains(where: occurs) } && !absent.contains(where: occurs)
  }

  static let adapters = [
    "lora_A.", "lora_B.", "lora_down.", "lora_up.", "lora.down.", "lora_embedding_A", "hada_w1_a", "lokr_w1", "ia3_l.",
  ]

  /// A whole model whose adapter is stored beside its weights instead of merged into them.
  static let unmerged = FamiliarCheckpoint(
    title: "a model with an adapter (PEFT) that was not merged into it", marks: [[".base_layer."], adapters],
    advice: "merge it first, with merge_and_unload() of PEFT, and save that model")

  static func hasAdapters(_ headers: Headers) -> Bool {
    headers.entries.contains { entry in adapters.contains(where: entry.name.contains) }
  }

  /// In order: the first match wins.
  static let all = [
    unmerged,
    FamiliarCheckpoint(
      title: "an adapter (LoRA or PEFT) without its base model", marks: [adapters],
      advice: "merge it into its base model first, with merge_and_unload() of PEFT, and save that model",
      isAdapter: true),
    FamiliarCheckpoint(
      title: "a Stable Diffusion checkpoint", marks: [["model.diffusion_model.", "diffusion_model.input_blocks."]],
      advice: "convert the CLIP model that it was made with, such as 'zoo pull ViT-L-14:openai' for version 1"),
    FamiliarCheckpoint(
      title: "the U-Net of a diffusion model", marks: [["down_blocks.0."], ["up_blocks.0."]],
      advice: "convert the CLIP model that it was made with, such as 'zoo pull ViT-L-14:openai' for Stable Diffusion 1"),
    FamiliarCheckpoint(
      title: "an IP-Adapter without its image encoder", marks: [["ip_adapter.", "image_proj."]],
      advice: "convert its image encoder, which is a file of its own"),
    FamiliarCheckpoint(
      title: "a language model", marks: [["layers.0.self_attn.q_proj.", "h.0.attn.c_attn.", "layers.0.attention.wq."]],
      absent: ["vision_model.", "visual.", "encoder.layers.0."], advice: nil),
    FamiliarCheckpoint(
      title: "a T5 text encoder", marks: [["block.0.layer.0.SelfAttention.q."]], advice: nil),
    FamiliarCheckpoint(
      title: "a BERT text encoder", marks: [["encoder.layer.0.attention.self.query."], ["word_embeddings."]],
      advice: nil),
    FamiliarCheckpoint(
      title: "a ViT of transformers without a head (ViTModel), whose pooled output is not an embedding",
      marks: [["embeddings.cls_token"], ["encoder.layer.0.attention.attention.query."]],
      absent: ["classifier."], advice: "convert its ViTForImageClassification, or timm's file of the same weights"),
    FamiliarCheckpoint(
      title: "a text encoder without an image tower", marks: [["text_model.embeddings.token_embedding."]],
      absent: ["vision_model.", "visual."], advice: "convert the whole model that it comes from"),
    FamiliarCheckpoint(
      title: "a Segment Anything model", marks: [["mask_decoder."], ["prompt_encoder."]], advice: nil),
    FamiliarCheckpoint(
      title: "the state of an optimizer", marks: [["exp_avg"]], absent: ["token_embedding"],
      advice: "give the file of the model, which is beside it as a rule"),
  ]
}
