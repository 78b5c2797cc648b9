import ZooModels

/// What attention knows of positions in the blocks of a text tower, and of what it may see; made once for prompts whose tokens stand
/// at the same places.
struct TextPositions {
  private let rope: SequenceRotary?
  private let mask: AttentionMask
  private let rotary: RotaryTable?
  /// Of blocks with local attention.
  private let localMask: AttentionMask
  private let localRotary: RotaryTable?

  /// - Parameters:
  ///   - mask: Of towers in which attention knows no positions but by rotation.
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

  /// Sets a block's rotation and says what it sees.
  func enter(block: Int, _ work: BlockWork) -> AttentionMask {
    let isLocal = rope?.local(block: block) != nil
    work.rotary = isLocal ? localRotary : rotary
    return isLocal ? localMask : mask
  }
}

extension AttentionBias {
  /// T5's bias of attention between tokens at some places.
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
