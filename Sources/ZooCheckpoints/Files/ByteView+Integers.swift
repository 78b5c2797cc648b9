import ZooTensors

extension ByteView {
  /// The little-endian integer at `offset`. One that does not lie inside ends the process, in release builds too.
  func integer<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T {
    precondition(offset >= 0 && count - offset >= MemoryLayout<T>.size, "an integer outside of what was read")
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  func u16(_ offset: Int) -> Int { Int(integer(UInt16.self, at: offset)) }
  func u32(_ offset: Int) -> Int { Int(integer(UInt32.self, at: offset)) }
  /// Nil beyond `Int.max`.
  func u64(_ offset: Int) -> Int? { Int(exactly: integer(UInt64.self, at: offset)) }

  func hasPrefix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount
      && bytes.prefix(text.utf8CodeUnitCount)
        .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

/// A name that is compared by its UTF-8 bytes: Swift's own equality takes é and e + ´ for the same.
struct ExactName: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Self, b: Self) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
