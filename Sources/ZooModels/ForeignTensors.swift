/// Tensors of a part that the runtime does not know (a Hugging Face text tower, a table of relative positions).
package struct ForeignTensors: Codable, Sendable, Hashable {
  /// The checkpoint's name; `{N}` stands for a layer index.
  package var name: String
  package var shape: [Int]
  /// How many layers `{N}` runs over; nil for a single tensor.
  package var count: Int?

  package init(name: String, shape: [Int], count: Int? = nil) {
    self.name = name
    self.shape = shape
    self.count = count
  }

  /// One spec per tensor.
  package var specs: [TensorSpec] {
    guard let count else { return [TensorSpec(name: name, shape: shape)] }
    return (0..<count).map { TensorSpec(name: name.replacing("{N}", with: "\($0)"), shape: shape) }
  }
}
