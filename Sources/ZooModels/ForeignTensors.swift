/// Tensors of a part that the runtime does not know (a Hugging Face text tower, a table of relative positions).
public struct ForeignTensors: Codable, Sendable, Hashable {
  /// The checkpoint's name; `{N}` stands for a layer index.
  public var name: String
  public var shape: [Int]
  /// How many layers `{N}` runs over; nil for a single tensor.
  public var count: Int?

  public init(name: String, shape: [Int], count: Int? = nil) {
    self.name = name
    self.shape = shape
    self.count = count
  }

  /// One spec per tensor.
  public var specs: [TensorSpec] {
    guard let count else { return [TensorSpec(name: name, shape: shape)] }
    return (0..<count).map { TensorSpec(name: name.replacing("{N}", with: "\($0)"), shape: shape) }
  }
}
