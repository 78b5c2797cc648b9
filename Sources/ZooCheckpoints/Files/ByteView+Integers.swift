import ZooTensors

extension ByteView {
  /// The little-endian integer at `offset`. Reading out of bounds ends the process, in release builds too.
  func integer<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T {
    precondition(offset >= 0 && count - offset >= MemoryLayout<T>.size, "an integer outside of what was read")
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  func u16(_ offset: Int) -> Int { Int(integer(UInt16.self, at: offset)) }
  func u32(_ offset: Int) -> Int { Int(integer(UInt32.self, at: offset)) }
  /// Nil if greater than `Int.max`.
  func u64(_ offset: Int) -> Int? { Int(exactly: integer(UInt64.self, at: offset)) }
}
