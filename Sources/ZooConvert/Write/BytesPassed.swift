/// Bytes of a checkpoint that are handled at a time.
let pieceSize = 4 << 20

/// Counts the bytes that have passed and says when to give the memory back in which they were mapped.
struct BytesPassed {
  private static let releaseInterval = 64 << 20

  private(set) var count: Int
  private var unreleased = 0

  init(_ before: Int = 0) { count = before }

  /// True where so many have passed that mapped memory should be released.
  mutating func add(_ more: Int) -> Bool {
    count += more
    unreleased += more
    guard unreleased >= Self.releaseInterval else { return false }
    unreleased = 0
    return true
  }
}
