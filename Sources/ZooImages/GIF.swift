extension Image {
  /// The first frame of a GIF, on its canvas, as palette indices.
  static func decodeGIF(_ source: FileBytes) throws -> Image {
    let cut = source.damaged("it ends before the picture does")
    guard let width = source.number(6, size: 2), let height = source.number(8, size: 2), let flags = source.byte(10),
      let background = source.byte(11)
    else { throw cut }
    try source.check(width: width, height: height)
    var at = 13
    var palette = [UInt8](repeating: 0, count: 768), transparency: Transparency?

    func readPalette(_ flags: UInt8) throws {
      guard flags & 0x80 != 0 else { return }
      let size = 3 << (Int(flags & 7) + 1)
      guard source.count - at >= size else { throw cut }
      palette = Array(source.bytes[at..<at + size]) + [UInt8](repeating: 0, count: 768 - size)
      at += size
    }

    /// The content of the sub-blocks from here on.
    func readBlocks() throws -> [UInt8] {
      var content: [UInt8] = []
      while true {
        guard let size = source.byte(at) else { throw cut }
        at += 1
        if size == 0 { return content }
        guard source.count - at >= Int(size) else { throw cut }
        content += source.bytes[at..<at + Int(size)]
        at += Int(size)
      }
    }

    try readPalette(flags)
    while true {
      guard let marker = source.byte(at) else { throw cut }
      at += 1
      switch marker {
      case 0x21:
        let label = source.byte(at)
        at += 1
        let content = try readBlocks()
        // The graphic control: a flag and the index that is transparent.
        if label == 0xF9, content.count >= 4 {
          transparency = content[0] & 1 == 0 ? nil : .entries((0..<256).map { $0 == Int(content[3]) ? 0 : 255 })
        }
      case 0x2C:
        guard let left = source.number(at, size: 2), let top = source.number(at + 2, size: 2),
          let frameWidth = source.number(at + 4, size: 2), let frameHeight = source.number(at + 6, size: 2),
          let frameFlags = source.byte(at + 8)
        else { throw cut }
        at += 9
        guard left + frameWidth <= width, top + frameHeight <= height else {
          throw source.damaged("its first frame reaches beyond the canvas")
        }
        try readPalette(frameFlags)
        guard let minimumBits = source.byte(at), (1...8).contains(minimumBits) else {
          throw source.damaged("its code size is not 1...8")
        }
        at += 1
        let indices = unpackLZW(try readBlocks(), minimumBits: Int(minimumBits), count: frameWidth * frameHeight)
        guard indices.count == frameWidth * frameHeight else { throw cut }
        var pixels = [UInt8](repeating: background, count: width * height)
        for (row, y) in frameRows(frameHeight, interlaced: frameFlags & 0x40 != 0).enumerated() {
          let to = (top + y) * width + left
          pixels.replaceSubrange(
            to..<to + frameWidth, with: indices[row * frameWidth..<(row + 1) * frameWidth])
        }
        return Image(
          width: width, height: height, mode: .palette, pixels: pixels, palette: palette, transparency: transparency)
      default: throw source.damaged("it has no frame")
      }
    }
  }

  /// The rows in the order in which they are stored.
  private static func frameRows(_ height: Int, interlaced: Bool) -> [Int] {
    guard interlaced else { return Array(0..<height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { Array(stride(from: $0.0, to: height, by: $0.1)) }
  }
}

/// GIF's LZW: codes grow from `minimumBits + 1` to 12 bits, least significant bit first. Stops at `count` bytes, at the
/// end code, at the end of the data or at a code that cannot be.
private func unpackLZW(_ data: [UInt8], minimumBits: Int, count: Int) -> [UInt8] {
  let clear = 1 << minimumBits, end = clear + 1
  // Per code: the code before its last byte, that byte, and its first byte.
  var prefix = [Int](repeating: -1, count: 4096), last = [UInt8](repeating: 0, count: 4096), first = last
  for code in 0..<clear {
    last[code] = UInt8(code)
    first[code] = UInt8(code)
  }
  var output: [UInt8] = []
  var next = end + 1, bits = minimumBits + 1, previous = -1
  var buffer = 0, held = 0
  for byte in data {
    buffer |= Int(byte) << held
    held += 8
    while held >= bits {
      let code = buffer & (1 << bits - 1)
      buffer >>= bits
      held -= bits
      if code == end || output.count >= count { return output }
      if code == clear {
        (next, bits, previous) = (end + 1, minimumBits + 1, -1)
        continue
      }
      guard previous >= 0 ? code <= next && (code < 4096) : code < clear else { return output }
      if previous >= 0 && next < 4096 {
        prefix[next] = previous
        first[next] = first[previous]
        last[next] = code == next ? first[previous] : first[code]
        next += 1
        if next == 1 << bits && bits < 12 { bits += 1 }
      } else if code >= next {
        return output
      }
      let start = output.count
      var link = code
      while link >= 0 {
        output.append(last[link])
        link = prefix[link]
      }
      output[start...].reverse()
      if output.count > count { output.removeLast(output.count - count) }
      previous = code
    }
  }
  return output
}
