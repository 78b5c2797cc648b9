extension TensorSpec {
  /// Whether the tensor may be stored as 8-bit integers with a scale for each row: the matrices of transformer blocks and the token table.
  package var mayBeInt8: Bool {
    guard shape.count == 2 else { return false }
    if name == "text.tokens" { return true }
    let parts = name.split(separator: ".", maxSplits: 3)
    guard parts.count == 4, ["vision", "text"].contains(parts[0]), parts[1] == "blocks" else { return false }
    return ["qkv", "out", "fc1", "fc2", "gate", "attention_gate"].contains { parts[3] == "\($0).weight" }
  }

  /// The scales of such a tensor: its rows are its integers multiplied by these.
  package var scales: TensorSpec { TensorSpec(name: "\(name)_scale", shape: Array(shape.prefix(1))) }
}
