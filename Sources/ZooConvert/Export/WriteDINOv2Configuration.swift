import Foundation
import ZooModels

/// `config.json` of a `Dinov2ForImageClassification`, or of one with registers: what `TransformersClassifierFile` reads.
struct DINOv2Writer {
  let vision: VisionTower
  let labels: [String]?
  let classes: Int

  /// The MLP width of a classifier whose file says `ratio`; if gated, two thirds of that, rounded to a multiple of 8.
  private static func mlpWidth(_ blocks: Blocks, ratio: Int) -> Int {
    let width = blocks.width * ratio
    return blocks.gated ? (width * 2 / 3 + 7) / 8 * 8 : width
  }

  private static func ratio(_ blocks: Blocks) -> Int? {
    (1...max(1, 2 * blocks.mlpWidth / blocks.width)).first { mlpWidth(blocks, ratio: $0) == blocks.mlpWidth }
  }

  /// Why transformers cannot express a tower.
  static func obstacle(_ vision: VisionTower) -> String? {
    let table = vision.tableGrid
    if table.height != table.width { return "transformers' configuration has square pictures" }
    if !vision.positionsCoverPrefix { return "a DINOv2 has a position for its class token" }
    if vision.blocks.layerScale == false { return "a DINOv2 scales its branches" }
    return ratio(vision.blocks) == nil ? "the MLP of a DINOv2 is a multiple of its width" : nil
  }

  func config() throws -> Data {
    let blocks = vision.blocks, hasRegisters = vision.registers > 0
    let names = labels ?? (0..<classes).map { "LABEL_\($0)" }
    var fields: [String: ConfigurationText] = [
      "architectures": [hasRegisters ? "Dinov2WithRegistersForImageClassification" : "Dinov2ForImageClassification"],
      "model_type": hasRegisters ? "dinov2_with_registers" : "dinov2",
      "hidden_size": .integer(blocks.width), "num_hidden_layers": .integer(blocks.layers),
      "num_attention_heads": .integer(blocks.heads), "mlp_ratio": .integer(Self.ratio(blocks) ?? 4),
      "use_swiglu_ffn": .flag(blocks.gated),
      "hidden_act": .text(blocks.gated ? "gelu" : TransformersConfigurationWriter.name(of: blocks.activation)),
      "layer_norm_eps": .number(blocks.normEps), "image_size": .integer(vision.tableGrid.height * vision.patch),
      "patch_size": .integer(vision.patch), "num_channels": 3, "qkv_bias": true,
      "id2label": .object(
        Dictionary(uniqueKeysWithValues: names.enumerated().map { ("\($0.offset)", .text($0.element)) })),
    ]
    // The mask token is not kept; if there are registers, no key tells.
    fields[hasRegisters ? "num_register_tokens" : "use_mask_token"] = hasRegisters ? .integer(vision.registers) : false
    return try ConfigurationText.object(fields).data()
  }
}
