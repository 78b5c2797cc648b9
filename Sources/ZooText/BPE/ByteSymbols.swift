/// GPT-2's printable stand-ins for the 256 bytes, used by all byte-level vocabularies.
enum ByteSymbols {
  /// The bytes in the order of the vocabulary: printable Latin-1 first, then the other 68.
  static let order: [UInt8] = {
    let printable = [UInt8](33...126) + [UInt8](161...172) + [UInt8](174...255)
    let shown = Set(printable)
    return printable + (UInt8.min...UInt8.max).filter { !shown.contains($0) }
  }()

  /// The UTF-8 of the symbol for each byte.
  static let utf8: [[UInt8]] = {
    var symbols = [[UInt8]](repeating: [], count: 256)
    for (index, byte) in order.enumerated() {
      let scalar = index < 188 ? UInt32(byte) : 256 + UInt32(index) - 188
      symbols[Int(byte)] = scalar < 0x80 ? [UInt8(scalar)] : [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
    }
    return symbols
  }()
}
