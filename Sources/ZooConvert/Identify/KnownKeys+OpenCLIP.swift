// The keys that open_clip 3.3 reads (`CLIPVisionCfg`, `CLIPTextCfg`, `PreprocessCfg` and the models' arguments), for `notes(onKeysOf:by:)`.

private func plainBlocks(_ keys: [String]) -> KeyTable {
  KeyTable(uniqueKeysWithValues: keys.map { ($0, .only([false], remedy: "zoo runs open_clip's plain blocks alone")) })
}

/// Keys that both towers may have.
private let towerKeys: KeyTable = [
  "width": .used, "layers": .used, "mlp_ratio": .used, "ls_init_value": .used, "pool_type": .used,
  "output_tokens": .outputs,
  "act_kwargs": .object(["approximate": .used]),
  "norm_kwargs": .object(["eps": .used, "elementwise_affine": .only([true], remedy: "zoo's norms have weights")]),
  "block_type": .only(["default"], remedy: "zoo runs open_clip's plain blocks alone"),
].merging(
  plainBlocks(["qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"])
) { $1 }

extension OpenCLIPFile {
  /// `open_clip_config.json`.
  static let keys: KeyTable = [
    "model_cfg": .object([
      "embed_dim": .used, "quick_gelu": .used, "init_logit_bias": .used, "vision_cfg": .object(visionKeys),
      "text_cfg": .object(textKeys),
      "custom_text": .irrelevant("it says which class holds the towers, which the tensors' names show"),
      "multimodal_cfg": .irrelevant("it describes CoCa's captioning decoder, which is not converted"),
      "init_logit_scale": .weightsHold, "nonscalar_logit_scale": .weightsHold, "output_dict": .outputs,
      "cast_dtype": .irrelevant("the weights have their own type"),
      "force_custom_text": .irrelevant("it says which class holds the towers, which the tensors' names show"),
    ]),
    "preprocess_cfg": .object([
      // In open_clip the picture size of the model wins, so `size` is only read for a note.
      "size": .used, "mean": .used, "std": .used, "interpolation": .used, "resize_mode": .used, "fill_color": .used,
      "mode": .only(["RGB"], remedy: "zoo reads pictures as red, green and blue"),
    ]),
    "timm_model_args": .object(TimmArguments.keys),
  ]

  static let visionKeys = towerKeys.merging([
    "head_width": .used, "patch_size": .used, "image_size": .used, "attentional_pool": .used,
    "attn_pooler_queries": .used, "attn_pooler_heads": .used, "no_ln_pre": .used, "final_ln_after_pool": .used,
    "pos_embed_type": .used, "timm_model_name": .used, "timm_pool": .used, "timm_proj": .used,
    "timm_model_args": .object(TimmArguments.keys), "timm_model_kwargs": .object(TimmArguments.keys),
    "image_seq_len": .irrelevant("pictures have their own size"),
    "timm_proj_bias": .tensorsShow,
    "timm_model_pretrained": .irrelevant("it says where training started"),
    "patch_dropout": .training, "timm_drop": .training, "timm_drop_path": .training,
  ]) { $1 }

  static let textKeys = towerKeys.merging(modernTextKeys) { $1 }.merging([
    "context_length": .used, "vocab_size": .used, "heads": .used, "embed_cls": .used, "no_causal_mask": .used,
    "eos_id": .used, "pad_id": .used, "proj_bias": .used, "proj_type": .used, "no_head": .used, "hf_model_name": .used,
    "hf_tokenizer_name": .used, "tokenizer_mode": .used,
    "tokenizer_kwargs": .object(tokenizerKeys),
    "final_ln_after_pool": .irrelevant("a norm of each token gives the same before and after one is chosen"),
    "hf_model_pretrained": .irrelevant("it says where training started"),
    "hf_model_config": .object([
      "pad_token_id": .used, "max_position_embeddings": .irrelevant("context_length says how long prompts are"),
    ]),
    "hf_proj_type": .tensorsShow, "hf_pooler_type": .used,
  ]) { $1 }
}
