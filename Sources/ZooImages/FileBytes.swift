/// A picture file in memory: checked reads at any offset.
struct FileBytes {
  let bytes: UnsafeRawBufferPointer
  let name: String
  /// The maximum number of pixels that are decoded.
  var pixelLimit = Picture.pixelLimit

  var count: Int { bytes.count }

  /// Determined by the first bytes, whatever the file's name.
  var format: PictureFormat? {
    PictureFormat(header: UnsafeRawBufferPointer(rebasing: bytes.prefix(PictureFormat.headerSize)))
  }

  /// The byte at an offset, or nil if out of bounds.
  func byte(_ at: Int) -> UInt8? { at >= 0 && at < count ? bytes[at] : nil }

  /// An unsigned number of `size` bytes (at most 4), or nil if out of bounds.
  func number(_ at: Int, size: Int, bigEndian: Bool = false) -> Int? {
    guard at >= 0, at <= count - size else { return nil }
    let digits = bytes[at..<at + size]
    return bigEndian
      ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// ASCII text, or nil if out of bounds.
  func text(at: Int, _ size: Int) -> String? {
    guard at >= 0, at <= count - size else { return nil }
    return String(decoding: bytes[at..<at + size], as: UTF8.self)
  }

  func damaged(_ detail: String) -> PictureError {
    .damaged(name: name, format: format?.rawValue ?? "picture", detail: detail)
  }

  func unsupported(_ detail: String) -> PictureError {
    .unsupported(name: name, format: format?.rawValue ?? "picture", detail: detail)
  }

  func tooLarge(width: Int, height: Int) -> PictureError {
    .tooLarge(name: name, width: width, height: height, limit: pixelLimit)
  }
}
