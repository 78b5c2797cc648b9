import ZooModels

// Towers that were saved separately: the layouts of whole models without the keys of the other tower.
extension CheckpointLayout {
  /// `visual.` of an open_clip model, or its `VisionTransformer` itself (FARE).
  static let openCLIPImage = openCLIP.half(
    .imageTower, name: "openclip-image", title: "OpenCLIP image tower",
    Fingerprint(
      needs: [
        NativeVision.prefixes.map { "\($0)conv1.weight" },
        NativeVision.prefixes.flatMap { ["\($0)class_embedding", "\($0)attnpool.positional_embedding"] },
      ],
      forbids: ["token_embedding.weight"], forbidsPrefixes: ["text.", "text_decoder."]))

  /// `visual.trunk.` of an open_clip model.
  static let openCLIPTrunkImage = openCLIPTrunk.half(
    .imageTower, name: "openclip-timm-image", title: "OpenCLIP image tower of timm",
    Fingerprint(
      needs: [trunkKeys], forbids: ["token_embedding.weight"], forbidsPrefixes: ["text.", "text_decoder."]))

  /// The text tower of an open_clip model, under `text.` or bare.
  static let openCLIPTextTower = openCLIP.half(
    .textTower, name: "openclip-text-tower", title: "OpenCLIP text tower",
    Fingerprint(
      needs: [
        ["text.token_embedding.weight", "token_embedding.weight"],
        ["text.positional_embedding", "positional_embedding"],
      ], forbids: ["text.cls_emb"], forbidsPrefixes: ["visual."]))

  /// transformers' `CLIPVisionModelWithProjection` and `CLIPVisionModel`: IP-Adapter, ComfyUI's `clip_vision`, LLaVA's tower.
  static let transformersCLIPImage = transformersCLIP.half(
    .imageTower, name: "transformers-clip-image", title: "Hugging Face CLIPVisionModel",
    Fingerprint(
      needs: [["vision_model.embeddings.class_embedding"], ["vision_model.pre_layrnorm.weight"]],
      forbids: ["vision_model.head.probe", "classifier.weight"], forbidsPrefixes: ["text_model."]))

  /// transformers' `CLIPTextModelWithProjection` and `CLIPTextModel`, which pipelines call `text_encoder`.
  static let transformersCLIPTextTower = transformersCLIP.half(
    .textTower, name: "transformers-clip-text", title: "Hugging Face CLIPTextModel",
    Fingerprint(
      needs: [["text_model.embeddings.token_embedding.weight"]], forbids: ["text_model.head.weight"],
      forbidsPrefixes: ["vision_model."]))

  /// transformers' `SiglipVisionModel`.
  static let transformersSigLIPImage = transformersSigLIP.half(
    .imageTower, name: "transformers-siglip-image", title: "Hugging Face SiglipVisionModel",
    Fingerprint(
      needs: [["vision_model.head.probe"], ["vision_model.embeddings.patch_embedding.weight"]],
      ranks: ["vision_model.embeddings.patch_embedding.weight": 4], forbidsPrefixes: ["text_model."]))

  /// transformers' `Siglip2VisionModel` (NaFlex).
  static let transformersSigLIP2Image = transformersSigLIP2.half(
    .imageTower, name: "transformers-siglip2-image", title: "Hugging Face Siglip2VisionModel",
    Fingerprint(
      needs: [["vision_model.head.probe"], ["vision_model.embeddings.patch_embedding.weight"]],
      ranks: ["vision_model.embeddings.patch_embedding.weight": 2], forbidsPrefixes: ["text_model."]))

  /// transformers' `SiglipTextModel`, and `Siglip2TextModel`, which is the same.
  static let transformersSigLIPTextTower = transformersSigLIP.half(
    .textTower, name: "transformers-siglip-text", title: "Hugging Face SiglipTextModel",
    Fingerprint(
      needs: [["text_model.embeddings.token_embedding.weight"], ["text_model.head.weight"]],
      forbidsPrefixes: ["vision_model."]))

  /// timm's `VisionTransformer` without a head (`num_classes` 0).
  static let timmImage = timmClassifier.half(
    .imageTower, name: "timm-vit-image", title: "timm ViT without a head",
    Fingerprint(
      needs: timmClassifier.fingerprint.needs.filter { $0 != ["head.weight"] }, forbids: ["head.weight"]))

  private func half(_ part: ModelPart, name: String, title: String, _ fingerprint: Fingerprint) -> CheckpointLayout {
    CheckpointLayout(
      source, name: name, title: title, part: part, fingerprint: fingerprint, resampling: resampling,
      convention: convention, drops: drops,
      measure: measure, expression: expression)
  }
}
