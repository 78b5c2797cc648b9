/// The number of bytes of a checkpoint that are processed at a time.
let pieceSize = 4 << 20

/// Counts processed bytes and says when to give back the memory they were mapped to.
struct BytesPassed {
  private static let releaseInterval = 64 << 20

  private(set) var count: Int
  private var unreleased = 0

  init(_ before: Int = 0) { count = before }

  /// Whether enough bytes have been processed that mapped memory should be released.
  mutating func add(_ more: Int) -> Bool {
    count += more
    unreleased += more
    guard unreleased >= Self.releaseInterval else { return false }
    unreleased = 0
    return true
  }
}
