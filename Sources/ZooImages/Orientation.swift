extension Picture {
  /// The picture rotated and mirrored according to its EXIF orientation, which then is 1.
  public func upright() -> Picture {
    guard (2...8).contains(orientation) else { return self }
    let swaps = orientation >= 5
    let newWidth = swaps ? height : width, newHeight = swaps ? width : height
    // The source of the new pixel (x, y): an origin and a step for each axis, counted in pixels.
    let right = width - 1, bottom = (height - 1) * width
    let (origin, stepX, stepY) =
      switch orientation {
      case 2: (right, -1, width)
      case 3: (right + bottom, -1, -width)
      case 4: (bottom, 1, -width)
      case 5: (0, width, 1)
      case 6: (bottom, -width, 1)
      case 7: (right + bottom, -width, -1)
      default: (right, width, -1)
      }
    let size = mode.bytesPerPixel
    let turned = bytes(count: pixels.count) { target in
      pixels.withUnsafeBufferPointer { source in
        var to = target
        for y in 0..<newHeight {
          var from = origin + y * stepY
          for _ in 0..<newWidth {
            for c in 0..<size { to[c] = source[from * size + c] }
            to += size
            from += stepX
          }
        }
      }
    }
    return with(width: newWidth, height: newHeight, pixels: turned, orientation: 1)
  }
}

extension FileBytes {
  /// The orientation, 1...8, from EXIF, or from XMP if EXIF does not state it, as read by Pillow; 1 if the file states none or an invalid one.
  var orientation: Int {
    let value = exifOrientation ?? xmpOrientation ?? 1
    return (1...8).contains(value) ? value : 1
  }

  /// Nil if EXIF does not state it.
  private var exifOrientation: Int? {
    guard let start = exifStart, let order = text(at: start, 2), order == "II" || order == "MM" else { return nil }
    let big = order == "MM"
    guard let directory = number(start + 4, size: 4, bigEndian: big),
      let entries = number(start + directory, size: 2, bigEndian: big)
    else { return nil }
    for entry in 0..<entries {
      let at = start + directory + 2 + 12 * entry
      guard let tag = number(at, size: 2, bigEndian: big) else { return nil }
      guard tag == 0x0112 else { continue }
      // Integers of 16 or 32 bits; Pillow reads other types as bytes, which are not an orientation.
      switch number(at + 2, size: 2, bigEndian: big) {
      case 3, 8: return number(at + 8, size: 2, bigEndian: big) ?? 0
      case 4, 9: return number(at + 8, size: 4, bigEndian: big) ?? 0
      default: return 0
      }
    }
    return nil
  }

  /// The digit of `tiff:Orientation="6"` or `<tiff:Orientation>6<`.
  private var xmpOrientation: Int? {
    guard let packet = xmpPacket else { return nil }
    let text = String(decoding: bytes[packet], as: UTF8.self)
    return text.firstMatch(of: /tiff:Orientation(?:="|>)([0-9])/).flatMap { Int($0.1) }
  }

  private var xmpPacket: Range<Int>? {
    switch format {
    case .jpeg:
      segment("http://ns.adobe.com/xap/1.0/\0")
    case .png:
      // Keyword, two bytes for the compression, a language and a translated keyword; Pillow writes and finds uncompressed text.
      chunk(from: 8, kind: "iTXt", typeFirst: false) { self.text(at: $0.lowerBound, 18) == "XML:com.adobe.xmp\0" }
    case .webp: chunk(from: 12, kind: "XMP ", typeFirst: true)
    default: nil
    }
  }

  /// The offset of the TIFF header in the EXIF data.
  private var exifStart: Int? {
    switch format {
    case .jpeg: segment("Exif\0\0")?.lowerBound
    case .png: chunk(from: 8, kind: "eXIf", typeFirst: false)?.lowerBound
    case .webp:
      chunk(from: 12, kind: "EXIF", typeFirst: true).map {
        text(at: $0.lowerBound, 6) == "Exif\0\0" ? $0.lowerBound + 6 : $0.lowerBound
      }
    default: nil
    }
  }

  /// The content, after a given name, of the first APP1 segment before the first scan that begins with it. A segment is FF, a marker, and a
  /// big-endian length that includes itself.
  private func segment(_ name: String) -> Range<Int>? {
    var at = 2
    while byte(at) == 0xFF, let marker = byte(at + 1) {
      if marker == 0xFF {  // padding
        at += 1
        continue
      }
      guard marker != 0xDA, marker != 0xD9, let length = number(at + 2, size: 2, bigEndian: true), length >= 2 else {
        return nil
      }
      let start = at + 4 + name.utf8.count, end = min(at + 2 + length, count)
      if marker == 0xE1, start <= end, text(at: at + 4, name.utf8.count) == name { return start..<end }
      at += 2 + length
    }
    return nil
  }

  /// The content of the first chunk of a kind: PNG has length (big-endian), type, content, CRC; RIFF has type, length
  /// (little-endian), content, padding to an even length.
  private func chunk(
    from start: Int, kind: String, typeFirst: Bool, where fits: (Range<Int>) -> Bool = { _ in true }
  ) -> Range<Int>? {
    var at = start
    while let type = text(at: typeFirst ? at : at + 4, 4),
      let length = number(typeFirst ? at + 4 : at, size: 4, bigEndian: !typeFirst)
    {
      let content = at + 8..<max(at + 8, min(at + 8 + length, count))
      if type == kind, fits(content) { return content }
      at += 8 + (typeFirst ? length + length % 2 : length + 4)
    }
    return nil
  }
}
