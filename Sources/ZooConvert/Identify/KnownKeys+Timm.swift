// The keys of timm's `config.json` and of its `VisionTransformer`, for `notes(onKeysOf:by:)`.

private let published = KeyRule.irrelevant("it says where the published weights are and how they are to be cited")

extension TimmFile {
  /// `config.json` of a timm model; old files have the settings of the weights at the top level.
  static let keys = pretrainedKeys.merging([
    "architecture": .used, "num_classes": .used, "global_pool": .used, "label_names": .used, "labels": .used,
    "model_args": .object(TimmArguments.keys),
    "num_features": .tensorsShow,
    "pretrained_cfg": .object(pretrainedKeys),
  ]) { $1 }

  private static let pretrainedKeys: KeyTable = [
    "input_size": .used, "interpolation": .used, "crop_pct": .used, "crop_mode": .used, "mean": .used, "std": .used,
    "fixed_input_size": .used, "label_names": .used,
    "num_classes": .irrelevant("num_classes at the top decides"),
    "pool_size": .irrelevant("it follows from the picture size"),
    "min_input_size": .irrelevant("zoo resamples positions for other sizes"),
    "first_conv": .irrelevant("it names a tensor"), "classifier": .irrelevant("it names a tensor"),
    "test_input_size": .irrelevant("timm evaluates at input_size unless it is asked for more"),
    "test_crop_pct": .irrelevant("timm evaluates at input_size unless it is asked for more"),
    "custom_load": published, "url": published, "file": published, "hf_hub_id": published,
    "hf_hub_filename": published, "source": published, "architecture": published, "tag": published,
    "license": published, "origin_url": published, "paper_name": published, "paper_ids": published,
    "notes": published, "description": published, "state_dict": published,
    "label_descriptions": .irrelevant("it describes the classes in more words than their names"),
    "label_offset": .irrelevant("timm has taken it into account in the weights"),
  ]
}

private let ownModules = KeyRule.only([], remedy: "zoo runs the modules that the architecture has by its name")

extension TimmArguments {
  /// Arguments of timm's `VisionTransformer` and `Eva`.
  static let keys: KeyTable = [
    "img_size": .used, "num_heads": .used, "global_pool": .used, "act_layer": .used, "norm_eps": .used,
    "use_post_norm": .used, "attn_pool_num_heads": .used, "ref_feat_shape": .used, "rope_grid_offset": .used,
    "rope_grid_indexing": .used, "rope_temperature": .used, "use_rot_pos_emb": .used, "pool_include_prefix": .used,
    "no_embed_class": .used,
    "block_fn": ownModules, "norm_layer": ownModules, "mlp_layer": ownModules, "attn_layer": ownModules,
    "embed_layer": ownModules, "embed_norm_layer": ownModules,
    "in_chans": .only([3], remedy: "zoo reads pictures as red, green and blue"),
    "pos_embed": .only(["learn", "learned"], remedy: "zoo runs learned position tables"),
    "dynamic_img_pad": .only([false], remedy: "zoo does not pad pictures to whole patches"),
    "rope_rotate_half": .only([false], remedy: "zoo rotates neighbouring values"),
    "dynamic_img_size": .irrelevant("zoo resamples positions for other sizes"),
    "strict_img_size": .irrelevant("zoo resamples positions for other sizes"),
    "qk_norm": .tensorsShow, "scale_attn_norm": .tensorsShow, "scale_mlp_norm": .tensorsShow,
    "scale_attn_inner": .tensorsShow, "scale_mlp": .tensorsShow, "swiglu_mlp": .used, "qkv_fused": .tensorsShow,
    "proj_bias": .tensorsShow, "final_norm": .tensorsShow, "use_fc_norm": .tensorsShow,
    "use_pre_transformer_norm": .tensorsShow, "use_post_transformer_norm": .tensorsShow,
    "use_abs_pos_emb": .tensorsShow, "num_reg_tokens": .tensorsShow, "pos_embed_grid_size": .tensorsShow,
    "fix_init": .training,
    "patch_size": .tensorsShow, "embed_dim": .tensorsShow, "attn_pool_mlp_ratio": .tensorsShow, "depth": .tensorsShow,
    "mlp_ratio": .tensorsShow,
    "num_classes": .tensorsShow, "class_token": .tensorsShow, "pre_norm": .tensorsShow, "reg_tokens": .tensorsShow,
    "init_values": .tensorsShow, "fc_norm": .tensorsShow, "qkv_bias": .tensorsShow,
    "drop_rate": .training, "drop_path_rate": .training, "proj_drop_rate": .training, "attn_drop_rate": .training,
    "pos_drop_rate": .training, "patch_drop_rate": .training, "weight_init": .training,
  ]
}
