import ZooModels

/// Positions and masks for attention in the blocks of a text tower; computed once for prompts whose tokens are at the same positions.
struct TextPositions {
  private let rope: SequenceRotary?
  private let mask: AttentionMask
  private let rotary: RotaryTable?
  /// For blocks with local attention.
  private let localMask: AttentionMask
  private let localRotary: RotaryTable?

  /// - Parameters:
  ///   - mask: The mask for towers in which attention encodes positions only by rotation.
  ///   - relativeBias: T5's table, `[buckets, heads]`.
  init(_ tower: TextTower, places: [Int], mask: AttentionMask, relativeBias: FloatView?) {
    let blocks = tower.blocks, local = blocks.sequenceRope?.local
    rope = blocks.sequenceRope
    if let relativeBias, let shape = blocks.relativeBias {
      self.mask = .biased(AttentionBias(shape, table: relativeBias, places: places, heads: blocks.heads))
    } else {
      self.mask = mask
    }
    func table(_ temperature: Float?) -> RotaryTable? {
      guard let rope = blocks.sequenceRope, let temperature else { return nil }
      return RotaryTable(
        temperature: temperature, halves: rope.halves, positions: places, headWidth: blocks.headWidth)
    }
    rotary = table(rope?.temperature)
    localRotary = table(local?.temperature)
    localMask = local.map { .biased(AttentionBias(reach: $0.reach, places: places)) } ?? .none
  }

  /// Sets the rotation for a block and returns its mask.
  func enter(block: Int, _ work: BlockWork) -> AttentionMask {
    let isLocal = rope?.local(block: block) != nil
    work.rotary = isLocal ? localRotary : rotary
    return isLocal ? localMask : mask
  }
}

extension AttentionBias {
  /// T5's attention bias between tokens at some positions.
  fileprivate init(_ shape: RelativeBias, table: FloatView, places: [Int], heads: Int) {
    let count = places.count
    values = FloatBuffer(uninitialised: heads * count * count)
    isShared = false
    for (i, query) in places.enumerated() {
      for (j, key) in places.enumerated() {
        let row = table.pointer + shape.bucket(key - query) * heads
        for head in 0..<heads { values.pointer[(head * count + i) * count + j] = row[head] }
      }
    }
  }

  /// Hides tokens that are further away than `reach`.
  fileprivate init(reach: Int, places: [Int]) {
    values = FloatBuffer(uninitialised: places.count * places.count)
    isShared = true
    for (i, query) in places.enumerated() {
      for (j, key) in places.enumerated() {
        values.pointer[i * places.count + j] = abs(query - key) <= reach ? 0 : -.infinity
      }
    }
  }
}
