/// Reads the fields of a protocol buffers message (the wire format) in order.
struct ProtoReader {
  enum Value {
    case varint(UInt64)
    /// Eight bytes; no field of a SentencePiece model has this type.
    case fixed64
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  private let bytes: ArraySlice<UInt8>
  private let file: String
  private var at: Int

  init(_ bytes: ArraySlice<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
    at = bytes.startIndex
  }

  private func fail(_ problem: String) -> TextError { .malformed(file: file, place: "byte \(at)", problem: problem) }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(TextError) -> (number: Int, value: Value)? {
    guard at < bytes.endIndex else { return nil }
    let tag = try varint()
    guard tag >> 3 != 0, tag >> 3 <= 0x1FFF_FFFF else { throw fail("a field has no valid number") }
    let number = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (number, .varint(try varint()))
    case 1:
      _ = try take(8)
      return (number, .fixed64)
    case 2:
      let length = try varint()
      guard length <= UInt64(bytes.endIndex - at) else {
        throw fail("a field of \(length) bytes does not fit into the file")
      }
      return (number, .bytes(try take(Int(length))))
    case 5: return (number, .fixed32(try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
    default: throw fail("a field has the unknown type \(tag & 7)")
    }
  }

  private mutating func take(_ count: Int) throws(TextError) -> ArraySlice<UInt8> {
    guard count <= bytes.endIndex - at else { throw fail("the file ends inside a field") }
    defer { at += count }
    return bytes[at..<at + count]
  }

  private mutating func varint() throws(TextError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard at < bytes.endIndex else { throw fail("the file ends inside a number") }
      let byte = bytes[at]
      at += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw fail("a number is longer than ten bytes")
  }
}
