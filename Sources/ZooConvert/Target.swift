import ZooModels

/// A canonical tensor that a layout must fill, with everything that decides where it comes from.
struct Target {
  /// The name, split: `vision.blocks.3.qkv.weight` is tower `vision`, block 3, leaf `qkv.weight`.
  let name: CanonicalName
  let shape: [Int]
  let architecture: Architecture
  /// The source's headers; empty if only the default spelling of a layout is requested.
  let headers: Headers

  /// The image tower that the target belongs to.
  ///
  /// Layouts only ask for it if the target's name starts with `vision.`, which requires an image tower.
  var vision: VisionTower {
    guard let tower = architecture.vision else { preconditionFailure("\(architecture.name) has no image tower") }
    return tower
  }

  /// A source tensor of the target's own shape.
  func source(_ name: String) -> TensorExpression { .tensor(name, shape: shape) }

  /// A source tensor with the target's elements in another shape.
  func source(_ name: String, as shape: [Int]) -> TensorExpression { .reshape(.tensor(name, shape: shape), self.shape) }

  /// A source matrix `[in, out]` for a target `[out, in]`.
  func transposedSource(_ name: String) -> TensorExpression { .tensor(name, shape: shape.reversed()).transposed }

  /// A scalar that some writers store as a one-element tensor; `writtenShape` is the shape in this layout.
  func scalarSource(_ name: String, writtenShape: [Int] = []) -> TensorExpression {
    (headers.isEmpty ? writtenShape : headers[name]?.shape) == [1] ? source(name, as: [1]) : source(name)
  }

  /// Whether a source tensor exists; `default` if there is no source to look at.
  func has(_ name: String, default answer: Bool = false) -> Bool {
    headers.isEmpty ? answer : headers.contains(name)
  }
}
