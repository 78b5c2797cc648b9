import Foundation
import ZooModels

/// timm's name for an image tower, and the arguments that turn it into this one.
struct TimmTower {
  private let tower: VisionTower
  private let name: String
  private let family: Family

  init(_ tower: VisionTower, name: String, family: Family) {
    self.tower = tower
    self.name = name
    self.family = family
  }

  /// timm's name for the pooling.
  var pool: String {
    switch tower.pooler {
    case .attention: "map"
    case .patchMean, .tokenMean: "avg"
    case .patchMax(let withMean, _): withMean ? "avgmax" : "max"
    case .classToken, .classAndPatchMean, .coca, .meanQuery: "token"
    }
  }

  /// Whether the pooling includes the tokens before the patches.
  private var poolsPrefix: Bool {
    switch tower.pooler {
    case .tokenMean, .attention: tower.prefixTokens > 0 && !tower.poolerSkipsPrefix
    case .classToken, .patchMean, .patchMax, .classAndPatchMean, .coca, .meanQuery: false
    }
  }

  /// The published name that open_clip needs, as it does not pass dimensions on.
  var openCLIPName: String {
    if let name = Self.registered[name] ?? vitaminName { return name }
    guard let size else { return "vit_custom_patch\(tower.patch)_\(tower.image.height)" }
    let kind = tower.classToken ? "clip" : "siglip"
    return "vit_\(size)_patch\(tower.patch)_\(kind)_\(tower.image.height)"
  }

  /// A name that exists in every timm; the arguments do the rest.
  var baseName: String {
    if tower.blocks.postNorm { return "vit_base_patch16_rpn_224" }
    return tower.blocks.normEps == 1e-5 ? "vit_base_patch32_clip_224" : "vit_base_patch16_224"
  }

  /// Names of image towers that open_clip takes from timm and that cannot be derived from dimensions.
  private static let registered = [
    "EVA01-g-14": "eva_giant_patch14_224", "EVA01-g-14-plus": "eva_giant_patch14_224",
    "EVA02-B-16": "eva02_base_patch16_clip_224", "EVA02-L-14": "eva02_large_patch14_clip_224",
    "EVA02-L-14-336": "eva02_large_patch14_clip_336", "EVA02-E-14": "eva02_enormous_patch14_clip_224",
    "EVA02-E-14-plus": "eva02_enormous_patch14_clip_224", "PE-Core-T-16-384": "vit_pe_core_tiny_patch16_384",
    "PE-Core-S-16-384": "vit_pe_core_small_patch16_384", "PE-Core-B-16": "vit_pe_core_base_patch16_224",
    "moderntext-naflex_ViT-B-16": "naflexvit_base_patch16_map",
    "moderntext-naflex_ViT-B-32": "naflexvit_base_patch16_map",
    "moderntext-naflex_ViT-B-deep-16": "naflexvit_base_patch16_map",
    "moderntext-naflex_ViT-SO150M2-16": "naflexvit_so150m2_patch16_reg1_map",
    "PE-Core-L-14-336": "vit_pe_core_large_patch14_336", "PE-Core-bigG-14-448": "vit_pe_core_gigantic_patch14_448",
  ]

  /// All large ViTamins share one image tower.
  private var vitaminName: String? {
    let sizes = [384: "small", 768: "base", 1024: "large", 1152: "xlarge"]
    guard case .mobile = tower.stem, let size = sizes[tower.blocks.width] else { return nil }
    return "vitamin_\(size)_\(tower.image.height)"
  }

  private var size: String? {
    let blocks = tower.blocks
    switch (blocks.width, blocks.layers, blocks.heads) {
    case (768, 12, 12): return "base"
    case (1024, 24, 16): return "large"
    case (1152, 27, 16): return "so400m"
    case (1536, 40, 16): return "giantopt"
    default: return nil
    }
  }

  /// Arguments of timm's `VisionTransformer`.
  var arguments: [String: ConfigurationText] {
    let blocks = tower.blocks
    var fields: [String: ConfigurationText] = [
      "img_size": .size(tower.image), "patch_size": .integer(tower.patch), "embed_dim": .integer(blocks.width),
      "depth": .integer(blocks.layers), "num_heads": .integer(blocks.heads),
      "mlp_ratio": .ratio(mlpRatio(blocks.width, blocks.mlpWidth)), "global_pool": .text(pool),
      "class_token": .flag(tower.classToken), "pre_norm": .flag(tower.normPre), "act_layer": .text(activation),
    ]
    if tower.registers > 0 { fields["reg_tokens"] = .integer(tower.registers) }
    if blocks.layerScale { fields["init_values"] = .number(1e-5) }
    if !tower.positionsCoverPrefix, tower.prefixTokens > 0 { fields["no_embed_class"] = true }
    switch tower.pooler {
    case .patchMean, .patchMax, .tokenMean: fields["fc_norm"] = .flag(tower.pooler.normFollows)
    case .classToken, .classAndPatchMean, .attention, .coca, .meanQuery: break
    }
    if tower.blocks.gated, case .attention = tower.pooler { fields["swiglu_mlp"] = true }
    if poolsPrefix { fields["pool_include_prefix"] = true }
    return fields
  }

  /// With the epsilon, which timm does not accept as a number.
  var allArguments: [String: ConfigurationText] {
    arguments.merging(["norm_eps": .number(tower.blocks.normEps)]) { $1 }
  }

  private var activation: String {
    var activation = tower.blocks.activation
    // The pooler's MLP has no gate.
    if tower.blocks.gated, case .attention(_, _, let own) = tower.pooler { activation = own }
    return switch activation {
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    case .quickGELU: "quick_gelu"
    case .silu: "silu"
    case .relu: "relu"
    }
  }
}

/// `config.json` of a timm classifier: what `TimmFile` and timm's `local-dir:` read.
struct TimmConfigurationWriter {
  let architecture: Architecture
  /// The architecture's image tower.
  let vision: VisionTower
  let preprocessing: Preprocessing
  let labels: [String]?

  func text() throws -> Data {
    let tower = TimmTower(vision, name: architecture.name, family: architecture.family)
    let crop = TimmCrop(preprocessing)
    let classes = ConfigurationText.integer(architecture.embedding)
    var file: [String: ConfigurationText] = [
      "architecture": .text(tower.baseName), "num_classes": classes,
      "num_features": .integer(vision.blocks.width), "global_pool": .text(tower.pool),
      "model_args": .object(tower.arguments),
      "pretrained_cfg": [
        "input_size": [3, .integer(preprocessing.size.height), .integer(preprocessing.size.width)],
        "fixed_input_size": true, "interpolation": .text(preprocessing.interpolation.rawValue),
        "crop_pct": .ratio(crop?.fraction ?? 1), "crop_mode": .text(crop?.mode ?? "center"),
        "mean": .numbers(preprocessing.mean), "std": .numbers(preprocessing.std), "num_classes": classes,
        "first_conv": "patch_embed.proj", "classifier": "head", "custom_load": false,
      ],
    ]
    if let labels { file["label_names"] = .list(labels.map { .text($0) }) }
    return try ConfigurationText.object(file).data()
  }
}
