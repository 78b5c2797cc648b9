import ZooModels

/// A canonical tensor that a layout must fill, with all that decides where it comes from.
struct Target {
  /// The name, split: `vision.blocks.3.qkv.weight` is tower `vision`, block 3, leaf `qkv.weight`.
  let name: CanonicalName
  let shape: [Int]
  let architecture: Architecture
  /// The source's headers; empty where only the default spelling of a layout is asked for.
  let headers: Headers

  /// The image tower that the target belongs to.
  ///
  /// Layouts ask for it where the target's name starts with `vision.`, which only architectures with an image tower have.
  var vision: VisionTower {
    guard let tower = architecture.vision else { preconditionFailure("\(architecture.name) has no image tower") }
    return tower
  }

  /// A source tensor of the target's own shape.
  func source(_ name: String) -> TensorExpression { .tensor(name, shape: shape) }

  /// A source tensor with the target's elements under another shape.
  func source(_ name: String, as shape: [Int]) -> TensorExpression { .reshape(.tensor(name, shape: shape), self.shape) }

  /// A source matrix `[in, out]` for a target `[out, in]`.
  func transposedSource(_ name: String) -> TensorExpression { .tensor(name, shape: shape.reversed()).transposed }

  /// A scalar that some writers store as one element; `writtenShape` is how this layout's do.
  func scalarSource(_ name: String, writtenShape: [Int] = []) -> TensorExpression {
    (headers.isEmpty ? writtenShape : headers[name]?.shape) == [1] ? source(name, as: [1]) : source(name)
  }

  /// True where a source is there; `default` where there is no source to look at.
  func has(_ name: String, default answer: Bool = false) -> Bool {
    headers.isEmpty ? answer : headers.contains(name)
  }
}

/// A canonical name in its parts.
struct CanonicalName: Hashable {
  enum Tower: String { case vision, text, model }
  let tower: Tower
  /// The index of a transformer block, if the tensor belongs to one.
  let block: Int?
  /// What remains: `qkv.weight`, `positions`, `pooler.latent`, `logit_scale`.
  let leaf: String

  init(_ name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let tower = parts.first.flatMap({ Tower(rawValue: String($0)) }) else {
      (self.tower, block, leaf) = (.model, nil, name)
      return
    }
    self.tower = tower
    if parts.count > 3, parts[1] == "blocks", let index = Int(parts[2]) {
      block = index
      leaf = parts.dropFirst(3).joined(separator: ".")
    } else {
      block = nil
      leaf = parts.dropFirst().joined(separator: ".")
    }
  }
}
