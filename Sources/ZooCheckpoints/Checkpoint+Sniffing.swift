import ZooTensors

/// Reads one file according to its content.
///
/// - Parameter part: The part to read of a file that holds several models; readers of dictionaries follow it as far as it goes.
func readContent(_ bytes: ByteView, path: String, part: String? = nil) throws(CheckpointError) -> CheckpointContent {
  guard bytes.count > 0 else { throw CheckpointError(path, .empty) }
  if let error = pointerError(bytes, path: path) { throw error }
  if let error = markupError(bytes, path: path) { throw error }
  // Before pickles: the length of a safetensors header can look like opcodes.
  if looksLikeSafetensors(bytes) {
    var content = try readSafetensors(bytes, file: path)
    content.part = part
    return content
  }
  if bytes.hasPrefix("PK\u{3}\u{4}") || bytes.hasPrefix("PK\u{5}\u{6}") {
    do throws(CheckpointError) {
      return try readZip(ZipArchive(bytes, file: path), part: part)
    } catch let error where error.rule == .zipEnd {
      throw CheckpointError(path, .zipEnd, found: missingEnd(bytes, file: path))
    }
  }
  if bytes[0] == 0x93 || path.hasSuffix(".npy") { return try readNPY(bytes, file: path) }
  if bytes.bytes.starts(with: torchLegacyMagic) { return try readTorchLegacy(bytes, file: path, part: part) }
  if let format = foreignFormat(bytes, path: path) { throw CheckpointError(path, .foreignFormat, found: format) }
  if bytes.count > 262, bytes[257..<bytes.count].hasPrefix("ustar") {
    // Members of legacy PyTorch tar archives.
    let members: [StaticString] = ["sys_info\0", "pickle\0", "storages\0", "tensors\0"]
    let isTorch = members.contains { bytes.hasPrefix($0) }
    throw isTorch
      ? CheckpointError(path, .torchTar)
      : CheckpointError(path, .foreignFormat, found: "a tar archive: unpack it first")
  }
  if bytes.count > 1, bytes[0] == 0x80, bytes[1] <= 5 { throw CheckpointError(path, .torchBarePickle) }
  if let words = firstWords(bytes) { throw CheckpointError(path, .isText, found: words) }
  // Damaged beyond recognition: let the reader for this file extension say what is wrong.
  if path.hasSuffix(".safetensors") { return try readSafetensors(bytes, file: path) }
  throw CheckpointError(path, .unknownContainer)
}

/// Tells NPZ and PyTorch archives apart by their members.
private func readZip(_ archive: ZipArchive, part: String?) throws(CheckpointError) -> CheckpointContent {
  if archive.members.contains(where: { $0.name.hasSuffix(".npy") }) { return try readNPZ(archive) }
  if archive.members.contains(where: { $0.name.hasSuffix("/data.pkl") }) {
    return try readTorchZip(archive, part: part)
  }
  throw CheckpointError(archive.file, .zipUnknownContent, found: "it holds \(listed(archive.members.map(\.name)))")
}

private func looksLikeSafetensors(_ bytes: ByteView) -> Bool {
  guard bytes.count >= 9, let length = bytes.u64(0), bytes[8] == UInt8(ascii: "{") else { return false }
  // The file may have been cut within its header.
  return length <= min(safetensorsHeaderLimit, bytes.count - 8)
    || (length <= safetensorsHeaderLimit && bytes[7] == 0)
}
