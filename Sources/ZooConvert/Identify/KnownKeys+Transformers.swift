import ZooCheckpoints

// The keys that transformers 4 and 5 write, for `notes(onKeysOf:by:)`.

private let generation = KeyRule.irrelevant("only text generation reads it, which these models do not do")
private let backbone = KeyRule.irrelevant("only backbones of other models read it")
private let tokenizerSays = KeyRule.irrelevant("the tokenizer's own files decide it")

/// Keys that every configuration of transformers may have (`PreTrainedConfig`), at the top level and in each tower.
private let common: KeyTable = {
  let rules: [(KeyRule, [String])] = [
    (
      .bookkeeping,
      [
        "_commit_hash", "_name_or_path", "architectures", "auto_map", "dtype", "finetuning_task", "model_type",
        "processor_class", "task_specific_params", "torch_dtype", "transformers_version",
      ]
    ),
    (
      generation,
      [
        "bad_words_ids", "begin_suppress_tokens", "decoder_start_token_id", "diversity_penalty", "do_sample",
        "early_stopping", "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "forced_bos_token_id",
        "forced_eos_token_id", "length_penalty", "max_length", "min_length", "no_repeat_ngram_size", "num_beam_groups",
        "num_beams", "num_return_sequences", "prefix", "remove_invalid_values", "repetition_penalty",
        "return_dict_in_generate", "suppress_tokens", "temperature", "top_k", "top_p", "typical_p", "use_cache",
      ]
    ),
    (.outputs, ["output_attentions", "output_hidden_states", "output_scores", "return_dict"]),
    (
      .speed,
      [
        "_attn_implementation_autoset", "attn_implementation", "chunk_size_feed_forward", "torchscript",
        "use_bfloat16",
      ]
    ),
    (
      .training,
      [
        "attention_dropout", "attention_probs_dropout_prob", "classifier_dropout", "dropout", "gradient_checkpointing",
        "hidden_dropout_prob", "initializer_factor", "initializer_range", "problem_type", "tf_legacy_loss",
      ]
    ),
    (.weightsHold, ["tie_encoder_decoder", "tie_word_embeddings"]),
    (.used, ["tokenizer_class"]),
    (tokenizerSays, ["bos_token_id", "pad_token_id", "sep_token_id"]),
    (.irrelevant("it names the classes of a classifier, which these models are not"), ["id2label", "label2id"]),
    (
      .only([false], remedy: "zoo runs encoders without cross attention"),
      ["add_cross_attention", "is_decoder", "is_encoder_decoder"]
    ),
    (.irrelevant("only cross attention reads it"), ["cross_attention_hidden_size"]),
    (.only([[:]], remedy: "zoo runs layers with all their heads"), ["pruned_heads"]),
  ]
  return KeyTable(rules.flatMap { rule, keys in keys.map { ($0, rule) } }) { $1 }
}()

private func table(_ own: KeyTable) -> KeyTable { common.merging(own) { $1 } }

private let blockKeys: KeyTable = [
  "hidden_act": .used, "hidden_size": .used, "intermediate_size": .used, "layer_norm_eps": .used,
  "num_attention_heads": .used, "num_hidden_layers": .used,
]

extension TransformersFile {
  /// `config.json` of CLIP and SigLIP models.
  static let keys = table([
    "text_config": .object(textKeys), "text_config_dict": .object(textKeys),
    "vision_config": .object(visionKeys), "vision_config_dict": .object(visionKeys),
    "model_type": .used, "projection_dim": .used,
    "logit_scale_init_value": .weightsHold,
    "hidden_size": .irrelevant("the towers state their own"),
  ])

  static let textKeys = table(
    blockKeys.merging([
      "vocab_size": .used, "max_position_embeddings": .used, "eos_token_id": .used, "projection_size": .used,
      "projection_dim": .irrelevant("the projection_dim at the top decides"),
    ]) { $1 })

  static let visionKeys = table(
    blockKeys.merging([
      "image_size": .used, "patch_size": .used, "num_patches": .used, "vision_use_head": .used,
      "num_channels": .only([3], remedy: "zoo reads pictures as red, green and blue"),
      "projection_dim": .irrelevant("the projection_dim at the top decides"),
    ]) { $1 })
}

/// Additional keys of DINOv2's and TIPSv2's image towers.
private let dinov2Keys: KeyTable = [
  "qkv_bias": .tensorsShow, "layerscale_value": .weightsHold, "drop_path_rate": .training, "use_mask_token": .training,
  "apply_layernorm": backbone, "reshape_hidden_states": backbone, "out_features": backbone, "out_indices": backbone,
  "_out_features": backbone, "_out_indices": backbone, "stage_names": backbone,
]

extension TransformersFile {
  /// `config.json` of TIPSv2.
  static let tipsv2Keys = keys.merging([
    "temperature_init_value": .used,
    "text_config": .object(
      textKeys.merging([
        "scale_sqrt_depth": .used,
        "pooling_epsilon": .irrelevant("a number of tokens is divided by, which it does not change in f32"),
      ]) { $1 }),
    "vision_config": .object(
      visionKeys.merging(dinov2Keys) { $1 }.merging([
        "mlp_ratio": .used, "use_swiglu_ffn": .used, "num_register_tokens": .used,
      ]) { $1 }),
  ]) { $1 }
}

extension TransformersClassifierFile {
  /// `config.json` of a classifier.
  static let keys = TransformersFile.keys.merging(TransformersFile.visionKeys) { $1 }.merging(dinov2Keys) { $1 }
    .merging([
      "id2label": .used, "pooler_act": .irrelevant("the classifier has no pooling layer"),
      "pooler_output_size": .irrelevant("the classifier has no pooling layer"),
      "encoder_stride": .irrelevant("only masked image modelling reads it"),
      "mlp_ratio": .tensorsShow, "num_register_tokens": .tensorsShow, "use_swiglu_ffn": .tensorsShow,
    ]) { $1 }
}

extension TransformersPreprocessor {
  /// `preprocessor_config.json`, and `image_processor` in `processor_config.json`.
  static let keys: KeyTable = [
    "size": .used, "crop_size": .used, "do_resize": .used, "do_center_crop": .used, "do_rescale": .used,
    "do_normalize": .used, "do_convert_rgb": .used, "rescale_factor": .used, "resample": .used, "image_mean": .used,
    "image_std": .used, "image_processor_type": .used, "feature_extractor_type": .used, "use_square_size": .used,
    "default_to_square": .used, "patch_size": .used, "max_num_patches": .used,
    "do_pad": .only([false], remedy: "zoo does not pad pictures to a common size"),
    "pad_size": .irrelevant("only do_pad reads it"),
    "rescale_offset": .only([false], remedy: "zoo rescales pixels by a factor alone"),
    "crop_pct": .only([1], remedy: "state size and crop_size in its place"),
    "data_format": .irrelevant("it says how an array is laid out in memory"),
    "input_data_format": .irrelevant("it says how an array is laid out in memory"),
    "device": .speed, "disable_grouping": .speed, "return_tensors": .outputs, "processor_class": .bookkeeping,
    "_processor_class": .bookkeeping, "auto_map": .bookkeeping, "image_seq_length": generation,
    "_valid_processor_keys": .irrelevant("it lists the names of a call's arguments"),
  ]

  /// `processor_config.json`, which transformers 5 writes in place of `preprocessor_config.json`.
  static let processorKeys: KeyTable = [
    "image_processor": .object(keys), "processor_class": .bookkeeping, "auto_map": .bookkeeping,
    "tokenizer": tokenizerSays,
  ]

  /// The notes on either file.
  static func notes(onKeysOf path: String) throws(ConvertError) -> [String] {
    let isProcessor = splitPath(path).name == "processor_config.json"
    return try ZooConvert.notes(onKeysOf: path, by: isProcessor ? processorKeys : keys)
  }
}
