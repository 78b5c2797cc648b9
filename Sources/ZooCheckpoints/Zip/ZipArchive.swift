import ZooTensors

/// A ZIP archive, read through its central directory; a member's name is never used as a path to write to.
///
/// The local headers of PyTorch and NumPy hold no usable sizes, so only their lengths and names are used. Everything that readers may interpret
/// differently is rejected: bytes before or between archive and directory, repeated or overlapping members, compression other than deflate.
struct ZipArchive: Sendable {
  let file: String
  let bytes: ByteView
  /// In directory order, without folders.
  let members: [ZipMember]
  let lastInflated = LastInflated()

  init(_ bytes: ByteView, file: String) throws(CheckpointError) {
    self.file = file
    self.bytes = bytes
    let directory = try ZipDirectory(bytes, file: file)
    var members: [ZipMember] = []
    var names: Set<ExactName> = []
    var at = directory.range.lowerBound
    for _ in 0..<directory.count {
      let (member, next) = try readEntry(in: bytes, at: at, directoryEnd: directory.range.upperBound, file: file)
      guard names.insert(ExactName(member.name)).inserted else {
        throw CheckpointError(file, .zipDuplicateName, tensor: member.name, offset: at)
      }
      members.append(try locate(member, in: bytes, before: directory.range.lowerBound, file: file))
      at = next
    }
    guard at == directory.range.upperBound else {
      throw CheckpointError(
        file, .zipDirectory, offset: at, expected: "\(directory.count) entries of \(directory.range.count) bytes",
        found: "\(at - directory.range.lowerBound) bytes")
    }
    var end = 0
    for member in members.sorted(by: {
      ($0.headerOffset, $0.dataRange.upperBound) < ($1.headerOffset, $1.dataRange.upperBound)
    }) {
      guard member.headerOffset >= end else {
        throw CheckpointError(file, .zipOverlap, tensor: member.name, offset: member.headerOffset)
      }
      end = member.dataRange.upperBound
    }
    self.members = members.filter { !($0.name.hasSuffix("/") && $0.size == 0) }
  }
}

/// One member of a ZIP archive.
struct ZipMember: Sendable {
  let name: String
  let isDeflated: Bool
  let checksum: UInt32
  let compressedSize: Int
  let size: Int
  let headerOffset: Int
  /// The range of the (compressed) bytes in the archive.
  var dataRange: Range<Int> = 0..<0
}

/// Reads the directory entry at `at`; also returns the offset of the next one.
private func readEntry(
  in bytes: ByteView, at: Int, directoryEnd: Int, file: String
) throws(CheckpointError) -> (ZipMember, next: Int) {
  guard directoryEnd - at >= 46, bytes.u32(at) == 0x0201_4B50 else {
    throw CheckpointError(file, .zipDirectory, offset: at, expected: "another entry")
  }
  let nameStart = at + 46
  let extraStart = nameStart + bytes.u16(at + 28)
  let commentStart = extraStart + bytes.u16(at + 30)
  let next = commentStart + bytes.u16(at + 32)
  guard next <= directoryEnd else { throw CheckpointError(file, .zipDirectory, offset: at, expected: "a whole entry") }
  guard let name = String(validating: bytes[nameStart..<extraStart].bytes, as: UTF8.self), isAllowedName(name) else {
    let shown = String(decoding: bytes[nameStart..<extraStart].bytes, as: UTF8.self)
    throw CheckpointError(file, .zipName, tensor: shown, offset: nameStart)
  }
  guard bytes.u16(at + 8) & 0x2041 == 0 else { throw CheckpointError(file, .zipEncrypted, tensor: name, offset: at) }
  let method = bytes.u16(at + 10)
  guard method == 0 || method == 8 else {
    throw CheckpointError(file, .zipMethod, tensor: name, offset: at, expected: "0 or 8", found: "\(method)")
  }
  let (size, compressedSize, headerOffset, disk) = try zip64Fields(
    [(bytes.u32(at + 24), 4), (bytes.u32(at + 20), 4), (bytes.u32(at + 42), 4), (bytes.u16(at + 34), 2)],
    extra: bytes[extraStart..<commentStart], file: file, member: name, offset: at)
  guard disk == 0 else { throw CheckpointError(file, .zipMultipleDisks, tensor: name, offset: at) }
  // Deflate yields at most 1032 bytes for each byte it reads: sizes beyond that are false, and would be allocated.
  let (limit, overflow) = compressedSize.multipliedReportingOverflow(by: 1032)
  guard method == 8 ? overflow || size <= limit : size == compressedSize else {
    throw CheckpointError(
      file, .zipMemberSize, tensor: name, offset: at, found: "\(compressedSize) bytes that stand for \(size)")
  }
  let member = ZipMember(
    name: name, isDeflated: method == 8, checksum: bytes.integer(UInt32.self, at: at + 16),
    compressedSize: compressedSize, size: size, headerOffset: headerOffset)
  return (member, next)
}

/// Size, compressed size, offset and disk: those that are saturated are stored in the ZIP64 extra field, in this order.
private func zip64Fields(
  _ fields: [(value: Int, width: Int)], extra: ByteView, file: String, member: String, offset: Int
) throws(CheckpointError) -> (Int, Int, Int, Int) {
  let error = CheckpointError(file, .zip64, tensor: member, offset: offset)
  func isSaturated(_ field: (value: Int, width: Int)) -> Bool { field.value == 1 << (8 * field.width) - 1 }
  var values = fields.map(\.value)
  guard fields.contains(where: isSaturated) else { return (values[0], values[1], values[2], values[3]) }
  var at = 0
  while extra.count - at >= 4 {
    let end = at + 4 + extra.u16(at + 2)
    guard end <= extra.count else { throw error }
    if extra.u16(at) == 1 {
      at += 4
      for index in fields.indices where isSaturated(fields[index]) {
        let width = index == 3 ? 4 : 8
        guard end - at >= width, let value = width == 4 ? extra.u32(at) : extra.u64(at) else { throw error }
        values[index] = value
        at += width
      }
      return (values[0], values[1], values[2], values[3])
    }
    at = end
  }
  throw error
}

/// Finds the bytes of a member after its local header, whose name must match the directory's.
private func locate(
  _ member: ZipMember, in bytes: ByteView, before directoryStart: Int, file: String
) throws(CheckpointError) -> ZipMember {
  let at = member.headerOffset
  func error(_ rule: CheckpointError.Rule) -> CheckpointError {
    CheckpointError(file, rule, tensor: member.name, offset: at)
  }
  guard at <= directoryStart - 30, bytes.u32(at) == 0x0403_4B50 else { throw error(.zipLocalHeader) }
  guard bytes.u16(at + 6) & 0x2041 == 0 else { throw error(.zipEncrypted) }
  let nameEnd = at + 30 + bytes.u16(at + 26)
  let start = nameEnd + bytes.u16(at + 28)
  guard start <= directoryStart, bytes[at + 30..<nameEnd].bytes.elementsEqual(member.name.utf8) else {
    throw error(.zipLocalHeader)
  }
  guard member.compressedSize <= directoryStart - start else { throw error(.zipMemberSize) }
  var member = member
  member.dataRange = start..<start + member.compressedSize
  return member
}

private func isAllowedName(_ name: String) -> Bool {
  !name.isEmpty && !name.utf8.contains(0) && !name.hasPrefix("/") && !name.utf8.contains(UInt8(ascii: "\\"))
    && !name.split(separator: "/").contains("..")
}
