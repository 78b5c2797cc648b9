/// The parts of a canonical name.
struct CanonicalName: Hashable {
  enum Tower: String { case vision, text, model }
  let tower: Tower
  /// The index of a transformer block, if the tensor belongs to one.
  let block: Int?
  /// The rest: `qkv.weight`, `positions`, `pooler.latent`, `logit_scale`.
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
