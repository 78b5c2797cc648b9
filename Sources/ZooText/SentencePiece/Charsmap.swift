/// SentencePiece's precompiled normaliser: a double-array trie (in the layout of Darts-clone) whose values point to NUL-terminated replacements.
struct Charsmap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// The blob: the trie's size in bytes (32 bits, little-endian), its units, the replacements.
  init(_ blob: [UInt8], file: String) throws(TextError) {
    func unit(_ at: Int) -> UInt32 {
      UInt32(blob[at]) | UInt32(blob[at + 1]) << 8 | UInt32(blob[at + 2]) << 16 | UInt32(blob[at + 3]) << 24
    }
    guard blob.count >= 4, Int(unit(0)) <= blob.count - 4, unit(0) >= 4, unit(0) % 4 == 0 else {
      throw TextError.malformed(
        file: file, place: "precompiled_charsmap",
        problem: "its trie claims \(blob.count >= 4 ? Int(unit(0)) : 0) bytes, the whole has \(blob.count)")
    }
    let end = 4 + Int(unit(0))
    units = stride(from: 4, to: end, by: 4).map(unit)
    replacements = [UInt8](blob[end...])
  }

  enum Match { case shortest, longest }

  /// The replacement for the key that begins at `start`, and the key's length.
  func lookUp(_ text: [UInt8], from start: Int, _ match: Match) -> (length: Int, replacement: ArraySlice<UInt8>)? {
    var found: (Int, ArraySlice<UInt8>)?
    var node = Self.offset(units[0])
    var at = start
    while at < text.count {
      let byte = UInt32(text[at])
      node ^= Int(byte)
      guard node < units.count, Self.label(units[node]) == byte else { break }
      let unit = units[node]
      node ^= Self.offset(unit)
      at += 1
      guard Self.hasLeaf(unit) else { continue }
      guard node < units.count, let text = replacement(Int(units[node] & 0x7FFF_FFFF)) else { break }
      found = (at - start, text)
      if match == .shortest { break }
    }
    return found
  }

  private func replacement(_ start: Int) -> ArraySlice<UInt8>? {
    guard start < replacements.count else { return nil }
    return replacements[start..<(replacements[start...].firstIndex(of: 0) ?? replacements.count)]
  }

  private static func hasLeaf(_ unit: UInt32) -> Bool { unit >> 8 & 1 == 1 }
  private static func label(_ unit: UInt32) -> UInt32 { unit & 0x8000_00FF }
  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
}
