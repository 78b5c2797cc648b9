// The keys of timm's `config.json` and of its `VisionTransformer`, for `notes(onKeysOf:by:)`.

private let published = KeyRule.irrelevant("it says where the published weights are and how they are to be cited")

extension TimmFile {
  /// `config.json` of a timm model.
  static let keys: KeyTable = [
    "architecture": .used, "num_classes": .used, "global_pool": .used, "label_names": .used,
    "model_args": .object(TimmArguments.keys),
    "num_features": .tensorsShow,
    "label_descriptions": .irrelevant("it describes the classes in more words than their names"),
    "pretrained_cfg": .object([
      "input_size": .used, "interpolation": .used, "crop_pct": .used, "crop_mode": .used, "mean": .used, "std": .used,
      "num_classes": .irrelevant("num_classes at the top decides"),
      "pool_size": .irrelevant("it follows from the picture size"),
      "fixed_input_size": .irrelevant("zoo resamples positions for other sizes"),
      "min_input_size": .irrelevant("zoo resamples positions for other sizes"),
      "first_conv": .irrelevant("it names a tensor"), "classifier": .irrelevant("it names a tensor"),
      "test_input_size": .irrelevant("timm evaluates at input_size unless it is asked for more"),
      "test_crop_pct": .irrelevant("timm evaluates at input_size unless it is asked for more"),
      "custom_load": published, "url": published, "file": published, "hf_hub_id": published,
      "hf_hub_filename": published, "source": published, "architecture": published, "tag": published,
      "license": published, "origin_url": published, "paper_name": published, "paper_ids": published,
      "notes": published, "description": published, "state_dict": published,
      "label_names": .irrelevant("label_names at the top decide"),
      "label_descriptions": .irrelevant("it describes the classes in more words than their names"),
    ]),
  ]
}

extension TimmArguments {
  /// Arguments of timm's `VisionTransformer` and `Eva`.
  static let keys: KeyTable = [
    "img_size": .used, "num_heads": .used, "global_pool": .used, "act_layer": .used, "norm_eps": .used,
    "use_post_norm": .used, "attn_pool_num_heads": .used, "ref_feat_shape": .used, "rope_grid_offset": .used,
    "rope_grid_indexing": .used,
    "patch_size": .tensorsShow, "embed_dim": .tensorsShow, "depth": .tensorsShow, "mlp_ratio": .tensorsShow,
    "num_classes": .tensorsShow, "class_token": .tensorsShow, "pre_norm": .tensorsShow, "reg_tokens": .tensorsShow,
    "init_values": .tensorsShow, "no_embed_class": .tensorsShow, "fc_norm": .tensorsShow, "qkv_bias": .tensorsShow,
    "drop_rate": .training, "drop_path_rate": .training, "proj_drop_rate": .training, "attn_drop_rate": .training,
    "pos_drop_rate": .training, "patch_drop_rate": .training, "weight_init": .training,
  ]
}
