import ZooTensors

/// Writes a safetensors file piece by piece: the header first, then the tensors in the order of the header.
///
///     let writer = try SafetensorsWriter(path, tensors: [("w", .f32, [2, 3])])
///     try writer.append(bytes)  // as often as needed
///     try writer.finish()
///
/// The bytes go to `PATH.partial`, which `finish()` syncs and renames: a file called `path` is always complete, and one that is mapped meanwhile does
/// not change. Without `finish()` the partial file is removed with the writer.
///
/// The header is padded so that the data begin at a multiple of 64 bytes. The format forbids gaps, so later tensors are aligned to 64 bytes only as
/// long as the sizes before them are multiples of 64: put small tensors (`logit_scale`) last.
package final class SafetensorsWriter: TensorWriter {
  package static let alignment = 64

  /// Name, element type and shape of a tensor to be written.
  package typealias Slot = (name: String, dtype: DType, shape: [Int])

  private let path: String
  private let file: OutputFile
  /// The path of the file until `finish()`, with its header and at its final size: tensors can be read as soon as they are written.
  package var growing: String { file.partialPath }
  private let slots: [(name: String, byteCount: Int)]
  private var slot = 0
  private var writtenInSlot = 0

  /// Creates the file and writes its header.
  ///
  /// - Throws: `duplicateName`, `unknownDType` and `sizeOverflow` for slots that the format cannot hold; `writeFailed`.
  package init(_ path: String, tensors: [Slot], metadata: [String: String] = [:]) throws(CheckpointError) {
    let header = try safetensorsHeader(tensors, metadata: metadata, file: path)
    defer { withExtendedLifetime(header.bytes) {} }
    slots = header.slots
    self.path = path
    file = try OutputFile(path)
    try file.write(header.bytes.bytes)
    try file.extend(by: slots.reduce(0) { $0 + $1.byteCount })
    skipFullSlots()
  }

  /// Writes the next bytes of the current tensor; when it is full, the next tensor becomes the current one.
  ///
  /// - Throws: `writeTooMuch` if the bytes extend beyond the tensor; `writeFailed`. The file is then abandoned.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    guard bytes.count > 0 else { return }
    guard slot < slots.count, bytes.count <= slots[slot].byteCount - writtenInSlot else {
      let current = slot < slots.count ? slots[slot] : nil
      file.abandon()
      throw CheckpointError(
        path, .writeTooMuch, tensor: current?.name, expected: "\(current?.byteCount ?? 0) bytes",
        found: "\(writtenInSlot + bytes.count)")
    }
    try file.write(bytes)
    writtenInSlot += bytes.count
    skipFullSlots()
  }

  /// Writes the next bytes of the current tensor, as above.
  package func append(_ data: ByteView) throws(CheckpointError) {
    defer { withExtendedLifetime(data) {} }
    try append(data.bytes)
  }

  package func finish(synced: Bool) throws(CheckpointError) {
    guard slot == slots.count else {
      let found = writtenInSlot
      file.abandon()
      throw CheckpointError(
        path, .writeTooLittle, tensor: slots[slot].name, expected: "\(slots[slot].byteCount) bytes", found: "\(found)")
    }
    try file.finish(synced: synced)
  }

  private func skipFullSlots() {
    while slot < slots.count, writtenInSlot == slots[slot].byteCount {
      slot += 1
      writtenInSlot = 0
    }
  }
}

/// The start of a file with one tensor.
package func safetensorsHeader(_ slot: SafetensorsWriter.Slot, file: String) throws(CheckpointError) -> [UInt8] {
  let header = try safetensorsHeader([slot], metadata: [:], file: file)
  defer { withExtendedLifetime(header.bytes) {} }
  return Array(header.bytes.bytes)
}

/// The length and the JSON text, padded with spaces to a multiple of the alignment, and the sizes of the tensors.
private func safetensorsHeader(
  _ tensors: [SafetensorsWriter.Slot], metadata: [String: String], file: String
) throws(CheckpointError) -> (bytes: ByteView, slots: [(name: String, byteCount: Int)]) {
  var fields: [String] = []
  var slots: [(name: String, byteCount: Int)] = []
  var names: Set<ExactName> = []
  var begin = 0
  if !metadata.isEmpty {
    let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
  }
  for (name, dtype, shape) in tensors {
    guard names.insert(ExactName(name)).inserted, name != "__metadata__" else {
      throw CheckpointError(file, .duplicateName, tensor: name)
    }
    guard dtype.isInSafetensors else {
      throw CheckpointError(file, .unknownDType, tensor: name, found: dtype.rawValue)
    }
    let size = try CheckpointEntry.byteCount(dtype, shape, file: file, tensor: name, offset: nil)
    let (end, overflow) = begin.addingReportingOverflow(size)
    guard !overflow else { throw CheckpointError(file, .sizeOverflow, tensor: name) }
    let sides = shape.map(String.init).joined(separator: ",")
    fields.append(
      "\(quoted(name)):{\"dtype\":\"\(dtype.rawValue)\",\"shape\":[\(sides)],\"data_offsets\":[\(begin),\(end)]}")
    slots.append((name, size))
    begin = end
  }
  let text = Array("{\(fields.joined(separator: ","))}".utf8)
  let alignment = SafetensorsWriter.alignment
  let length = (8 + text.count + alignment - 1) / alignment * alignment - 8
  guard length <= safetensorsHeaderLimit else {
    throw CheckpointError(
      file, .headerTooLong, expected: "at most \(safetensorsHeaderLimit) bytes", found: "\(length)")
  }
  let prefix = withUnsafeBytes(of: UInt64(length).littleEndian) { Array($0) }
  return (ByteView(copying: prefix + text + [UInt8](repeating: 0x20, count: length - text.count)), slots)
}

/// A JSON string.
private func quoted(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\u{0}"..<"\u{20}":
      quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}
