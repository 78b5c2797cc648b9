import ZooTensors

/// The location of the central directory, according to the end record(s).
struct ZipDirectory {
  let range: Range<Int>
  /// The number of entries.
  let count: Int

  /// For the directory: the names and sizes of all members are held in memory.
  private static let byteLimit = 32 << 20

  init(_ bytes: ByteView, file: String) throws(CheckpointError) {
    guard let end = Self.endRecord(bytes) else { throw CheckpointError(file, .zipEnd) }
    guard bytes.u16(end + 4) == 0, bytes.u16(end + 6) == 0, bytes.u16(end + 8) == bytes.u16(end + 10) else {
      throw CheckpointError(file, .zipMultipleDisks, offset: end)
    }
    var count = bytes.u16(end + 10), size = bytes.u32(end + 12), offset = bytes.u32(end + 16)
    var directoryEnd = end
    if end >= 20, bytes.u32(end - 20) == 0x0706_4B50 {
      let wide = try Self.wideEndRecord(bytes, locator: end - 20, file: file)
      guard count == 0xFFFF || count == wide.count, size == 0xFFFF_FFFF || size == wide.size,
        offset == 0xFFFF_FFFF || offset == wide.offset
      else { throw CheckpointError(file, .zip64, offset: end) }
      (count, size, offset, directoryEnd) = wide
    } else if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      throw CheckpointError(file, .zip64, offset: end)
    }
    // The directory ends where the end record begins; otherwise something was inserted before or between them.
    guard offset <= directoryEnd, size == directoryEnd - offset, count <= size / 46 else {
      throw CheckpointError(
        file, .zipDirectory, offset: end, expected: "a directory that ends at byte \(directoryEnd)",
        found: "\(count) entries, \(size) bytes at byte \(offset)")
    }
    guard count <= Checkpoint.tensorLimit, size <= Self.byteLimit else {
      throw CheckpointError(
        file, .zipTooManyMembers, offset: end,
        expected: "at most \(Checkpoint.tensorLimit), and \(Self.byteLimit) bytes for their names",
        found: "\(count) and \(size) bytes")
    }
    range = offset..<directoryEnd
    self.count = count
  }

  /// The end record, whose comment must extend exactly to the end of the file.
  private static func endRecord(_ bytes: ByteView) -> Int? {
    var at = bytes.count - 22
    let first = max(0, bytes.count - 22 - 0xFFFF)
    while at >= first {
      if bytes.u32(at) == 0x0605_4B50, at + 22 + bytes.u16(at + 20) == bytes.count { return at }
      at -= 1
    }
    return nil
  }

  private static func wideEndRecord(
    _ bytes: ByteView, locator: Int, file: String
  ) throws(CheckpointError) -> (count: Int, size: Int, offset: Int, start: Int) {
    let error = CheckpointError(file, .zip64, offset: locator)
    guard bytes.u32(locator + 4) == 0, bytes.u32(locator + 16) <= 1, let at = bytes.u64(locator + 8),
      at <= locator - 56, bytes.u32(at) == 0x0606_4B50, bytes.u64(at + 4) == locator - at - 12,
      bytes.u32(at + 16) == 0, bytes.u32(at + 20) == 0, let count = bytes.u64(at + 32),
      bytes.u64(at + 24) == count, let size = bytes.u64(at + 40), let offset = bytes.u64(at + 48)
    else { throw error }
    return (count, size, offset, at)
  }
}
