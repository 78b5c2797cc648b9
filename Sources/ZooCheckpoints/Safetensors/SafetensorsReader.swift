import ZooJSON
import ZooTensors

/// The longest header that the format allows, in bytes.
let safetensorsHeaderLimit = 100_000_000

/// Reads a safetensors file: `u64 length | JSON header | data`.
///
/// Everything that two readers could interpret differently is rejected: repeated names, bytes that belong to no tensor, overlaps, bytes after the
/// end, white space before the header.
func readSafetensors(_ bytes: ByteView, file: String) throws(CheckpointError) -> CheckpointContent {
  guard bytes.count >= 8 else {
    throw CheckpointError(file, .headerTooShort, expected: "at least 8 bytes", found: "\(bytes.count)")
  }
  guard let length = bytes.u64(0), length <= safetensorsHeaderLimit else {
    throw CheckpointError(
      file, .headerTooLong, offset: 0, expected: "at most \(safetensorsHeaderLimit) bytes",
      found: "\(bytes.integer(UInt64.self, at: 0))")
  }
  guard length <= bytes.count - 8 else {
    throw CheckpointError(
      file, .headerBeyondFile, offset: 0, expected: "at most \(bytes.count - 8) bytes",
      found: "\(length): at least \(length - bytes.count + 8) bytes are missing")
  }
  guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw CheckpointError(file, .headerStart, offset: 8) }

  var header = SafetensorsHeader(file: file)
  try header.read(bytes[8..<8 + length])
  try header.checkCoverage(of: bytes.count - 8 - length, dataStart: 8 + length)

  var content = CheckpointContent(container: .safetensors, tensors: [], metadata: header.metadata)
  for row in header.rows {
    let range = 8 + length + row.begin..<8 + length + row.end
    let entry = CheckpointEntry(
      name: row.name, dtype: row.dtype, shape: row.shape, byteCount: range.count, file: file,
      fileOffset: range.lowerBound)
    content.tensors.append(StoredTensor(entry: entry) { () throws(CheckpointError) in bytes[range] })
  }
  return content
}

private struct SafetensorsHeader {
  struct Row {
    let name: String
    let dtype: DType
    let shape: [Int]
    let begin: Int
    let end: Int
    /// The offset in the file at which the entry was read, for messages.
    let offset: Int
  }

  let file: String
  var rows: [Row] = []
  var metadata: [String: String] = [:]

  mutating func read(_ text: ByteView) throws(CheckpointError) {
    var json = JSONScanner<CheckpointError>(text, file: file, base: 8)
    try json.openObject()
    while let name = try json.nextKey() {
      if name == "__metadata__" {
        try readMetadata(&json)
      } else {
        guard rows.count < Checkpoint.tensorLimit else {
          throw CheckpointError(
            file, .tooManyTensors, offset: 8 + json.at, expected: "at most \(Checkpoint.tensorLimit)")
        }
        rows.append(try readRow(name, &json))
      }
    }
    try json.end()
  }

  private mutating func readMetadata(_ json: inout JSONScanner<CheckpointError>) throws(CheckpointError) {
    if json.takeNull() { return }
    try json.openObject()
    while let key = try json.nextKey() {
      json.skipSpace()
      metadata[key] = try json.string()
    }
  }

  private func readRow(_ name: String, _ json: inout JSONScanner<CheckpointError>) throws(CheckpointError) -> Row {
    json.skipSpace()
    let offset = 8 + json.at
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    try json.openObject()
    while let field = try json.nextKey() {
      switch field {
      case "dtype": dtype = try readDType(name, &json)
      case "shape": shape = try readNumbers(name, &json, limit: CheckpointEntry.dimensionLimit, or: .tooManyDimensions)
      case "data_offsets": offsets = try readNumbers(name, &json, limit: 2, or: .offsetsCount)
      default: try json.skipValue()
      }
    }
    guard let dtype, let shape, let offsets else {
      let missing = dtype == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw CheckpointError(file, .entryIncomplete, tensor: name, offset: offset, expected: missing)
    }
    guard offsets.count == 2 else { throw CheckpointError(file, .offsetsCount, tensor: name, offset: offset) }
    guard offsets[0] <= offsets[1] else {
      throw CheckpointError(file, .offsetsOrder, tensor: name, offset: offset, found: "\(offsets)")
    }
    let size = try CheckpointEntry.byteCount(dtype, shape, file: file, tensor: name, offset: offset)
    guard size == offsets[1] - offsets[0] else {
      throw CheckpointError(
        file, .offsetsSize, tensor: name, offset: offset, expected: "\(size) bytes for \(dtype.rawValue) \(shape)",
        found: "\(offsets[1] - offsets[0])")
    }
    return Row(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1], offset: offset)
  }

  private func readDType(_ name: String, _ json: inout JSONScanner<CheckpointError>) throws(CheckpointError) -> DType {
    json.skipSpace()
    let text = try json.string()
    guard let dtype = DType(rawValue: text), dtype.isInSafetensors else {
      throw CheckpointError(file, .unknownDType, tensor: name, offset: 8 + json.at, found: "'\(text)'")
    }
    return dtype
  }

  private func readNumbers(
    _ name: String, _ json: inout JSONScanner<CheckpointError>, limit: Int, or rule: CheckpointError.Rule
  ) throws(CheckpointError) -> [Int] {
    var numbers: [Int] = []
    try json.openArray()
    while try json.nextElement() {
      guard numbers.count < limit else {
        throw CheckpointError(file, rule, tensor: name, offset: 8 + json.at, expected: "at most \(limit)")
      }
      numbers.append(try json.wholeNumber())
    }
    return numbers
  }

  /// Sorts the rows by the position of their data, and requires that these cover all bytes exactly once.
  mutating func checkCoverage(of size: Int, dataStart: Int) throws(CheckpointError) {
    rows.sort { ($0.begin, $0.end, $0.offset) < ($1.begin, $1.end, $1.offset) }
    var end = 0
    for row in rows {
      guard row.begin == end else {
        throw CheckpointError(
          file, row.begin > end ? .hole : .overlap, tensor: row.name, offset: row.offset, expected: "begin \(end)",
          found: "\(row.begin)")
      }
      end = row.end
    }
    guard end <= size else {
      throw CheckpointError(
        file, .dataMissing, expected: "\(dataStart + end) bytes",
        found: "\(dataStart + size): \(end - size) bytes are missing")
    }
    guard end == size else {
      throw CheckpointError(
        file, .dataSize, tensor: rows.last?.name, offset: dataStart, expected: "\(end) bytes of data", found: "\(size)")
    }
  }
}

extension DType {
  /// False for the one type that only other containers have.
  var isInSafetensors: Bool { self != .c128 }
}
