import ZooTensors

/// The header of an NPY array: `\x93NUMPY`, version, length, and a Python dictionary that is read as data, never evaluated.
struct NPYHeader {
  /// The longest header text that NumPy itself accepts.
  static let textLimit = 10_000
  /// Enough bytes for any header.
  static let prefixLimit = 12 + textLimit

  let dtype: DType
  let isBigEndian: Bool
  let layout: StridedLayout
  /// The offset of the data from the start of the array.
  let dataStart: Int
  let byteCount: Int

  /// - Parameters:
  ///   - bytes: The start of the array, at least `prefixLimit` bytes or all there are.
  ///   - tensor: The name for messages; nil for a standalone file.
  ///   - base: The offset of the array in the file, for messages.
  init(_ bytes: ByteView, file: String, tensor: String?, base: Int?) throws(CheckpointError) {
    func error(_ rule: CheckpointError.Rule, expected: String? = nil, found: String? = nil) -> CheckpointError {
      CheckpointError(file, rule, tensor: tensor, offset: base, expected: expected, found: found)
    }
    guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<6].hasPrefix("NUMPY") else { throw error(.npyMagic) }
    let version = bytes[6]
    guard 1...3 ~= version, bytes[7] == 0 else {
      throw error(.npyVersion, expected: "1.0, 2.0 or 3.0", found: "\(version).\(bytes[7])")
    }
    let textStart = version == 1 ? 10 : 12
    guard bytes.count >= textStart else { throw error(.npyHeaderLength) }
    let length = version == 1 ? bytes.u16(8) : bytes.u32(8)
    guard length <= Self.textLimit, length <= bytes.count - textStart else {
      throw error(
        .npyHeaderLength, expected: "at most \(min(Self.textLimit, bytes.count - textStart)) bytes", found: "\(length)")
    }
    dataStart = textStart + length
    var parser = NPYHeaderParser(bytes[textStart..<dataStart], allowsLongSuffix: version <= 2)
    guard let fields = parser.parse() else {
      throw error(.npyHeader, found: shownText(bytes[textStart..<dataStart].bytes))
    }
    guard let (dtype, isBigEndian) = parseNPYType(fields.type) else {
      throw error(.npyType, found: "'\(fields.type)'")
    }
    self.dtype = dtype
    self.isBigEndian = isBigEndian
    byteCount = try CheckpointEntry.byteCount(dtype, fields.shape, file: file, tensor: tensor, offset: base)
    layout = StridedLayout(
      shape: fields.shape,
      strides: fields.isColumnMajor
        ? StridedLayout.columnMajorStrides(fields.shape) : StridedLayout.rowMajorStrides(fields.shape))
  }
}

/// The start of a header without the padding spaces, for messages.
private func shownText(_ text: UnsafeRawBufferPointer) -> String {
  let end = text.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? text.startIndex
  return String(decoding: text[..<end].prefix(200), as: UTF8.self)
}

/// Parses a type such as `<f4`: the element type, and whether its bytes are big-endian. `V2` is how bfloat16 is saved.
private func parseNPYType(_ text: String) -> (DType, isBigEndian: Bool)? {
  let kinds: [String: DType] = [
    "b1": .bool, "i1": .i8, "u1": .u8, "i2": .i16, "u2": .u16, "i4": .i32, "u4": .u32, "i8": .i64, "u8": .u64,
    "f2": .f16, "f4": .f32, "f8": .f64, "c8": .c64, "c16": .c128, "V2": .bf16,
  ]
  let order = text.first.flatMap { "<>=|".contains($0) ? $0 : nil }
  guard let dtype = kinds[order == nil ? text : String(text.dropFirst())] else { return nil }
  switch order {
  case "|": return dtype.bits == 8 || dtype == .bf16 ? (dtype, false) : nil
  case ">": return dtype == .bf16 ? nil : (dtype, dtype.bits > 8)
  default: return (dtype, false)
  }
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`: exactly these keys, once each, in any order.
private struct NPYHeaderParser {
  private let text: ByteView
  private let allowsLongSuffix: Bool
  private var at = 0

  init(_ text: ByteView, allowsLongSuffix: Bool) {
    self.text = text
    self.allowsLongSuffix = allowsLongSuffix
  }

  mutating func parse() -> (type: String, isColumnMajor: Bool, shape: [Int])? {
    var type: String?
    var isColumnMajor: Bool?
    var shape: [Int]?
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), take(":") else { return nil }
      switch key {
      case "descr" where type == nil: type = string()
      case "fortran_order" where isColumnMajor == nil: isColumnMajor = take("True") ? true : take("False") ? false : nil
      case "shape" where shape == nil: shape = tuple()
      default: return nil
      }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpace()
    guard at == text.count, let type, let isColumnMajor, let shape else { return nil }
    return (type, isColumnMajor, shape)
  }

  private mutating func string() -> String? {
    guard let quote: StaticString = take("'") ? "'" : take("\"") ? "\"" : nil else { return nil }
    let start = at
    while at < text.count, text[at] != quote.utf8Start.pointee {
      guard 0x20...0x7E ~= text[at], text[at] != UInt8(ascii: "\\") else { return nil }
      at += 1
    }
    guard at < text.count else { return nil }
    at += 1
    return String(decoding: text[start..<at - 1].bytes, as: UTF8.self)
  }

  /// A tuple of integers: `()`, `(3,)`, `(2, 3)`.
  private mutating func tuple() -> [Int]? {
    var items: [Int] = []
    var endsWithComma = true
    guard take("(") else { return nil }
    while !take(")") {
      guard endsWithComma, let item = wholeNumber() else { return nil }
      items.append(item)
      endsWithComma = take(",")
    }
    return items.count == 1 && !endsWithComma ? nil : items
  }

  private mutating func wholeNumber() -> Int? {
    skipSpace()
    let start = at
    while at < text.count, 0x30...0x39 ~= text[at] { at += 1 }
    let digits = String(decoding: text[start..<at].bytes, as: UTF8.self)
    guard digits == "0" || !digits.hasPrefix("0") else { return nil }
    if allowsLongSuffix { _ = take("L") }
    return Int(digits)
  }

  private mutating func take(_ word: StaticString) -> Bool {
    skipSpace()
    guard text[at..<text.count].hasPrefix(word) else { return false }
    at += word.utf8CodeUnitCount
    return true
  }

  private mutating func skipSpace() {
    while at < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[at]) { at += 1 }
  }
}
