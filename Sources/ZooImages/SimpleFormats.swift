extension Image {
  /// PPM, PGM and PBM in their binary forms, 8 bits a channel at most.
  static func decodePNM(_ source: FileBytes) throws -> Image {
    let kind = source.byte(1)
    var at = 2
    func nextNumber() throws -> Int {
      while let byte = source.byte(at) {
        if byte == 0x23 {  // a comment up to the end of the line
          while let next = source.byte(at), next != 0x0A { at += 1 }
        } else if byte != 0x20 && !(0x09...0x0D).contains(byte) {
          break
        }
        at += 1
      }
      var value = 0, digits = 0
      while let byte = source.byte(at), (0x30...0x39).contains(byte), digits < 10 {
        value = value * 10 + Int(byte - 0x30)
        digits += 1
        at += 1
      }
      guard digits > 0 else { throw source.damaged("byte \(at) of its header is not a digit") }
      return value
    }
    let width = try nextNumber(), height = try nextNumber()
    try source.check(width: width, height: height)
    let most = kind == 0x34 ? 1 : try nextNumber()
    guard (1...255).contains(most) else { throw source.unsupported("its largest value is \(most)") }
    at += 1

    let mode: Mode = kind == 0x34 ? .bilevel : kind == 0x35 ? .l : .rgb
    let rowBytes = mode == .bilevel ? (width + 7) / 8 : width * mode.bytesPerPixel
    guard source.count - at >= rowBytes * height else { throw source.damaged("it ends before the picture does") }
    let data = source.bytes[at..<at + rowBytes * height]
    if mode == .bilevel {
      let pixels = (0..<height * width).map { index -> UInt8 in
        let (y, x) = index.quotientAndRemainder(dividingBy: width)
        return source.bytes[at + y * rowBytes + x / 8] << (x % 8) & 0x80 == 0 ? 255 : 0
      }
      return Image(width: width, height: height, mode: mode, pixels: pixels)
    }
    let scaled = (0...255).map {
      UInt8(min((Double($0) / Double(most) * 255).rounded(.toNearestOrEven), 255))
    }
    return Image(
      width: width, height: height, mode: mode, pixels: most == 255 ? Array(data) : data.map { scaled[Int($0)] })
  }

  /// BMP without compression, 24 or 32 bits a pixel.
  static func decodeBMP(_ source: FileBytes) throws -> Image {
    guard let start = source.number(10, size: 4), let width = source.number(18, size: 4),
      let rawHeight = source.number(22, size: 4), let depth = source.number(28, size: 2),
      let compression = source.number(30, size: 4), let header = source.number(14, size: 4)
    else { throw source.damaged("its header is cut") }
    guard header >= 40, depth == 24 || depth == 32, compression == 0 else {
      throw source.unsupported("\(depth) bits a pixel, compression \(compression), header of \(header) bytes")
    }
    let topDown = rawHeight >= 1 << 31
    let height = topDown ? 1 << 32 - rawHeight : rawHeight
    try source.check(width: width, height: height)
    let step = depth / 8, rowBytes = (width * step + 3) / 4 * 4
    guard start <= source.count, source.count - start >= rowBytes * height else {
      throw source.damaged("it ends before the picture does")
    }
    let pixels = bytes(count: width * height * 3) { target in
      var to = target
      for y in 0..<height {
        var from = start + (topDown ? y : height - 1 - y) * rowBytes
        for _ in 0..<width {
          for c in 0..<3 { to[c] = source.bytes[from + 2 - c] }
          to += 3
          from += step
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
