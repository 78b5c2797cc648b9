import CZlib
import ZooTensors

/// Writes an NPZ archive piece by piece: one stored `NAME.npy` for each tensor, as `numpy.savez` does.
///
/// NumPy has no bfloat16, so it becomes `|V2`, as big_vision writes and reads it.
package final class NPZWriter: TensorWriter {
  /// Name, element type and shape of a tensor to be written.
  package typealias Slot = SafetensorsWriter.Slot

  private struct Member {
    let name: [UInt8]
    let header: [UInt8]
    let dataCount: Int
    var offset = 0
    var checksum: UInt = 0
    var written = 0

    var size: Int { header.count + dataCount }
  }

  private let path: String
  private let file: OutputFile
  private var members: [Member]
  private var current = 0

  /// Creates the file.
  ///
  /// - Throws: `duplicateName`, `npyType` and `sizeOverflow` for slots that the format cannot hold; `writeFailed`.
  package init(_ path: String, tensors: [Slot]) throws(CheckpointError) {
    self.path = path
    var names: Set<ExactName> = []
    members = []
    for (name, dtype, shape) in tensors {
      guard names.insert(ExactName(name)).inserted else { throw CheckpointError(path, .duplicateName, tensor: name) }
      guard let type = npyTypes[dtype] else {
        throw CheckpointError(path, .npyType, tensor: name, found: dtype.rawValue)
      }
      let size = try CheckpointEntry.byteCount(dtype, shape, file: path, tensor: name, offset: nil)
      members.append(Member(name: Array("\(name).npy".utf8), header: npyHeader(type, shape), dataCount: size))
    }
    file = try OutputFile(path)
    try begin()
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    guard bytes.count > 0 else { return }
    guard current < members.count, bytes.count <= members[current].dataCount - members[current].written else {
      file.abandon()
      throw CheckpointError(path, .writeTooMuch, found: "\(bytes.count) bytes")
    }
    try file.write(bytes)
    members[current].written += bytes.count
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    members[current].checksum = UInt(crc32_z(uLong(members[current].checksum), start, bytes.count))
    if members[current].written == members[current].dataCount { try end() }
  }

  package func finish(synced: Bool) throws(CheckpointError) {
    guard current == members.count else {
      let member = members[current]
      file.abandon()
      throw CheckpointError(
        path, .writeTooLittle, tensor: String(decoding: member.name.dropLast(4), as: UTF8.self),
        expected: "\(member.dataCount) bytes", found: "\(member.written)")
    }
    let start = file.position
    for member in members { try file.write(directoryEntry(member)) }
    try file.write(directoryEnd(start: start, size: file.position - start))
    try file.finish(synced: synced)
  }

  /// Begins the current member; members without data are ended at once.
  private func begin() throws(CheckpointError) {
    guard current < members.count else { return }
    members[current].offset = file.position
    try file.write(localHeader(members[current]))
    try file.write(members[current].header)
    members[current].checksum = UInt(crc32_z(0, members[current].header, members[current].header.count))
    if members[current].dataCount == 0 { try end() }
  }

  /// Fills in the checksum and begins the next member.
  private func end() throws(CheckpointError) {
    let member = members[current]
    try file.overwrite(littleEndian(member.checksum, 4), at: member.offset + 14)
    current += 1
    try begin()
  }

  // MARK: ZIP

  private static let saturated: UInt = 0xFFFF_FFFF

  /// Always with ZIP64 sizes, as NumPy writes them.
  private func localHeader(_ member: Member) -> [UInt8] {
    let sizes = littleEndian(UInt(member.size), 8) + littleEndian(UInt(member.size), 8)
    return littleEndian(0x0403_4B50, 4) + common(checksum: 0, size: Self.saturated)
      + littleEndian(UInt(member.name.count), 2) + littleEndian(20, 2)  // lengths of name and extra field
      + member.name + littleEndian(1, 2) + littleEndian(16, 2) + sizes
  }

  private func directoryEntry(_ member: Member) -> [UInt8] {
    let size = UInt(member.size), offset = UInt(member.offset)
    var extra: [UInt8] = []
    if size >= Self.saturated { extra += littleEndian(size, 8) + littleEndian(size, 8) }
    if offset >= Self.saturated { extra += littleEndian(offset, 8) }
    if !extra.isEmpty { extra = littleEndian(1, 2) + littleEndian(UInt(extra.count), 2) + extra }
    return littleEndian(0x0201_4B50, 4) + littleEndian(45, 2)
      + common(checksum: member.checksum, size: min(size, Self.saturated)) + littleEndian(UInt(member.name.count), 2)
      + littleEndian(UInt(extra.count), 2) + [UInt8](repeating: 0, count: 6)  // comment, disk, internal attributes
      + littleEndian(0x0180_0000, 4) + littleEndian(min(offset, Self.saturated), 4) + member.name + extra
  }

  /// Version, flags (names are UTF-8), no compression, no time, checksum and both sizes.
  private func common(checksum: UInt, size: UInt) -> [UInt8] {
    littleEndian(45, 2) + littleEndian(0x800, 2) + littleEndian(0, 2) + littleEndian(0, 2) + littleEndian(0x21, 2)
      + littleEndian(checksum, 4) + littleEndian(size, 4) + littleEndian(size, 4)
  }

  private func directoryEnd(start: Int, size: Int) -> [UInt8] {
    let count = UInt(members.count), start = UInt(start), size = UInt(size)
    var end: [UInt8] = []
    if count >= 0xFFFF || start >= Self.saturated || size >= Self.saturated {
      end += littleEndian(0x0606_4B50, 4) + littleEndian(44, 8) + littleEndian(45, 2) + littleEndian(45, 2)
      end += littleEndian(0, 8) + littleEndian(count, 8) + littleEndian(count, 8)
      end += littleEndian(size, 8) + littleEndian(start, 8)
      end += littleEndian(0x0706_4B50, 4) + littleEndian(0, 4) + littleEndian(start + size, 8) + littleEndian(1, 4)
    }
    let shown = littleEndian(min(count, 0xFFFF), 2)
    return end + littleEndian(0x0605_4B50, 4) + littleEndian(0, 4) + shown + shown
      + littleEndian(min(size, Self.saturated), 4) + littleEndian(min(start, Self.saturated), 4) + littleEndian(0, 2)
  }
}

private func littleEndian(_ value: UInt, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt($0))) }
}

private let npyTypes: [DType: String] = [
  .bool: "|b1", .i8: "|i1", .u8: "|u1", .i16: "<i2", .u16: "<u2", .i32: "<i4", .u32: "<u4", .i64: "<i8", .u64: "<u8",
  .f16: "<f2", .f32: "<f4", .f64: "<f8", .bf16: "|V2",
]

/// The header of a standalone NPY file; nil for types that NumPy has no name for.
package func npyHeader(_ dtype: DType, _ shape: [Int]) -> [UInt8]? { npyTypes[dtype].map { npyHeader($0, shape) } }

/// A version 1.0 header, padded to a multiple of 64 bytes.
private func npyHeader(_ type: String, _ shape: [Int]) -> [UInt8] {
  let sides = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
  var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sides)), }".utf8)
  text += [UInt8](repeating: 0x20, count: 63 - (10 + text.count) % 64) + [0x0A]
  return [0x93] + Array("NUMPY".utf8) + [1, 0] + littleEndian(UInt(text.count), 2) + text
}
