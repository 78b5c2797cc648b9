import ZooTensors

/// Reads an NPY file: one array, which gets the empty name.
func readNPY(_ bytes: ByteView, file: String) throws(CheckpointError) -> CheckpointContent {
  let header = try NPYHeader(bytes, file: file, tensor: nil, base: 0)
  let found = bytes.count - header.dataStart
  guard found >= header.byteCount else {
    throw CheckpointError(
      file, .dataMissing, offset: header.dataStart, expected: "\(header.byteCount) bytes",
      found: "\(found): \(header.byteCount - found) bytes are missing")
  }
  guard found == header.byteCount else {
    throw CheckpointError(
      file, .npySize, offset: header.dataStart, expected: "\(header.byteCount) bytes", found: "\(found)")
  }
  let entry = CheckpointEntry(
    name: "", dtype: header.dtype, shape: header.layout.shape, byteCount: header.byteCount, file: file,
    fileOffset: header.dataStart)
  let tensor = StoredTensor(entry, layout: header.layout, isBigEndian: header.isBigEndian) {
    bytes[header.dataStart..<header.dataStart + header.byteCount]
  }
  return CheckpointContent(container: .npy, tensors: [tensor])
}

/// Reads an NPZ archive: one tensor for each member `NAME.npy`.
func readNPZ(_ archive: ZipArchive) throws(CheckpointError) -> CheckpointContent {
  var content = CheckpointContent(container: .npz, tensors: [])
  for member in archive.members {
    guard member.name.hasSuffix(".npy") else {
      content.notes.append("'\(printable(member.name))' is not an array and was left out.")
      continue
    }
    let name = String(member.name.dropLast(4))
    let source = ZipMemberBytes(member, in: archive)
    let base = member.dataRange.lowerBound
    let header = try NPYHeader(
      source.prefix(NPYHeader.prefixLimit), file: archive.file, tensor: name, base: base)
    guard member.size - header.dataStart == header.byteCount else {
      throw CheckpointError(
        archive.file, .npySize, tensor: name, offset: base, expected: "\(header.byteCount) bytes",
        found: "\(member.size - header.dataStart)")
    }
    let entry = CheckpointEntry(
      name: name, dtype: header.dtype, shape: header.layout.shape, byteCount: header.byteCount, file: archive.file,
      fileOffset: member.isDeflated ? nil : base + header.dataStart)
    content.tensors.append(
      StoredTensor(entry, layout: header.layout, isBigEndian: header.isBigEndian, in: source, at: header.dataStart))
  }
  return content
}
