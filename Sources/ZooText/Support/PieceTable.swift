/// A dictionary from pieces (UTF-8 bytes) to ids.
///
/// `String` keys would not work: Swift compares strings by canonical equivalence, and vocabularies contain pieces that differ only in their normal
/// form. All bytes are in one buffer; slots are probed linearly.
struct PieceTable: Sendable, Equatable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var values: [Int32] = []
  /// Half of the hash and, in the low 32 bits, the entry's index plus one; 0 if free. The count is a power of two, at least twice the number of
  /// entries.
  private var slots: [UInt64]

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
    ends.reserveCapacity(capacity)
    values.reserveCapacity(capacity)
    bytes.reserveCapacity(capacity * 8)
  }

  var count: Int { values.count }
  /// One more than the largest id.
  var idCount: Int { Int(values.max() ?? -1) + 1 }

  /// The id of a piece. Setting it replaces an earlier id.
  subscript(piece: some Collection<UInt8>) -> Int32? {
    if let found = piece.withContiguousStorageIfAvailable({ find($0) }) { return found }
    return [UInt8](piece).withUnsafeBufferPointer { find($0) }
  }

  mutating func set(_ piece: some Collection<UInt8>, _ id: Int32) {
    let key = [UInt8](piece)
    if (count + 1) * 2 > slots.count { grow() }
    let (slot, hash) = key.withUnsafeBufferPointer { self.slot(of: $0) }
    if let entry = Self.entry(slots[slot]) {
      values[entry] = id
      return
    }
    bytes.append(contentsOf: key)
    ends.append(bytes.count)
    values.append(id)
    slots[slot] = hash << 32 | UInt64(values.count)
  }

  /// Whether both have the same pieces with the same ids, in any order.
  static func == (a: PieceTable, b: PieceTable) -> Bool {
    a.count == b.count && (0..<a.count).allSatisfy { b[a.piece($0)] == a.values[$0] }
  }

  /// Calls `body` with every piece and its id, in the order of first insertion.
  func forEach(_ body: (ArraySlice<UInt8>, Int32) throws(TextError) -> Void) rethrows {
    for entry in 0..<count { try body(piece(entry), values[entry]) }
  }

  private func piece(_ entry: Int) -> ArraySlice<UInt8> { bytes[(entry == 0 ? 0 : ends[entry - 1])..<ends[entry]] }

  private func find(_ key: UnsafeBufferPointer<UInt8>) -> Int32? {
    Self.entry(slots[slot(of: key).slot]).map { values[$0] }
  }

  private static func entry(_ slot: UInt64) -> Int? { slot == 0 ? nil : Int(slot & 0xFFFF_FFFF) - 1 }

  /// The slot that holds `key`, or the free one where it belongs, and half of the hash.
  private func slot(of key: UnsafeBufferPointer<UInt8>) -> (slot: Int, hash: UInt64) {
    let mask = slots.count - 1
    let hash = Self.hash(key)
    var slot = Int(truncatingIfNeeded: hash) & mask
    return slots.withUnsafeBufferPointer { slots in
      bytes.withUnsafeBufferPointer { bytes in
        while let entry = Self.entry(slots[slot]) {
          if slots[slot] >> 32 == hash >> 32 {
            let start = entry == 0 ? 0 : ends[entry - 1]
            if ends[entry] - start == key.count, matches(key, bytes, start) { break }
          }
          slot = (slot + 1) & mask
        }
        return (slot, hash >> 32)
      }
    }
  }

  private func matches(_ key: UnsafeBufferPointer<UInt8>, _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    var index = 0
    while index < key.count {
      if key[index] != bytes[start + index] { return false }
      index += 1
    }
    return true
  }

  /// FNV-1a with a final mix.
  private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var index = 0
    while index < key.count {
      hash = (hash ^ UInt64(key[index])) &* 0x100_0000_01b3
      index += 1
    }
    hash = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return hash ^ (hash >> 29)
  }

  private mutating func grow() {
    slots = [UInt64](repeating: 0, count: slots.count * 2)
    for entry in 0..<count {
      let key = [UInt8](piece(entry))
      let (slot, hash) = key.withUnsafeBufferPointer { self.slot(of: $0) }
      slots[slot] = hash << 32 | UInt64(entry + 1)
    }
  }
}
