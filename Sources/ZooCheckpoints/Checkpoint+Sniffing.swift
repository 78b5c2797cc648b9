import ZooTensors

/// Reads one file by what it contains.
func readContent(_ bytes: ByteView, path: String) throws(CheckpointError) -> CheckpointContent {
  guard bytes.count > 0 else { throw CheckpointError(path, .empty) }
  if bytes.hasPrefix("version https://git-lfs") { throw CheckpointError(path, .isGitLFSPointer) }
  if looksLikeWebPage(bytes) { throw CheckpointError(path, .isWebPage) }
  // Before pickles: the length of a safetensors header can look like opcodes.
  if looksLikeSafetensors(bytes) { return try readSafetensors(bytes, file: path) }
  if bytes.hasPrefix("PK\u{3}\u{4}") || bytes.hasPrefix("PK\u{5}\u{6}") {
    return try readZip(ZipArchive(bytes, file: path))
  }
  if bytes.bytes[0] == 0x93 || path.hasSuffix(".npy") { return try readNPY(bytes, file: path) }
  if bytes.bytes.starts(with: torchLegacyMagic) { return try readTorchLegacy(bytes, file: path) }
  if bytes.count > 262, bytes[257..<bytes.count].hasPrefix("ustar") { throw CheckpointError(path, .torchTar) }
  if bytes.count > 1, bytes.bytes[0] == 0x80, bytes.bytes[1] <= 5 { throw CheckpointError(path, .torchBarePickle) }
  // Damaged beyond recognition: let the reader for this kind of name say what is wrong.
  if path.hasSuffix(".safetensors") { return try readSafetensors(bytes, file: path) }
  throw CheckpointError(path, .unknownContainer)
}

/// Tells NPZ from PyTorch archives by their members.
private func readZip(_ archive: ZipArchive) throws(CheckpointError) -> CheckpointContent {
  if archive.members.contains(where: { $0.name.hasSuffix(".npy") }) { return try readNPZ(archive) }
  if archive.members.contains(where: { $0.name.hasSuffix("/data.pkl") }) { return try readTorchZip(archive) }
  throw CheckpointError(archive.file, .zipUnknownContent)
}

private func looksLikeWebPage(_ bytes: ByteView) -> Bool {
  let start = String(decoding: bytes.bytes.prefix(64).drop { $0 <= 0x20 }, as: UTF8.self).lowercased()
  return ["<!doctype", "<html", "<head", "<?xml"].contains { start.hasPrefix($0) }
}

private func looksLikeSafetensors(_ bytes: ByteView) -> Bool {
  guard bytes.count >= 9, let length = bytes.u64(0) else { return false }
  return length <= min(safetensorsHeaderLimit, bytes.count - 8) && bytes.bytes[8] == UInt8(ascii: "{")
}
