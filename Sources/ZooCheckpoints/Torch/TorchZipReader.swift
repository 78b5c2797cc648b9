import ZooTensors

/// Reads a PyTorch archive: `ROOT/data.pkl` describes the tensors, `ROOT/data/KEY` are the storages. TorchScript archives have the same structure.
func readTorchZip(_ archive: ZipArchive, part: String? = nil) throws(CheckpointError) -> CheckpointContent {
  let file = archive.file
  var members: [ExactName: ZipMember] = [:]
  var pickles: [ZipMember] = []
  for member in archive.members {
    members[ExactName(member.name)] = member
    if member.name.hasSuffix("/data.pkl") { pickles.append(member) }
  }
  guard pickles.count == 1 else {
    throw CheckpointError(file, .torchRoots, found: pickles.map(\.name).joined(separator: ", "))
  }
  let pickle = pickles[0]
  let root = String(pickle.name.dropLast("data.pkl".count))
  guard pickle.size <= PickleMachine.byteLimit else {
    throw CheckpointError(
      file, .pickleTooLarge, tensor: pickle.name, expected: "at most \(PickleMachine.byteLimit) bytes",
      found: "\(pickle.size)")
  }
  let bytes = try ZipMemberBytes(pickle, in: archive).whole()
  var machine = PickleMachine(bytes, file: file, base: pickle.isDeflated ? 0 : pickle.dataRange.lowerBound)
  let (value, length) = try machine.run()
  guard length == bytes.count else {
    throw CheckpointError(file, .pickleTrailing, offset: pickle.dataRange.lowerBound + length)
  }
  let stateDict = try TorchStateDict(value, in: machine.heap, file: file, part: part)
  let isBigEndian = try readByteOrder(members[ExactName(root + "byteorder")], in: archive)

  var content = CheckpointContent(
    container: stateDict.isScript ? .torchScript : .torchZip, tensors: [], notes: stateDict.notes, part: stateDict.part)
  var opened: [Int: ZipMemberBytes] = [:]
  let uses = Dictionary(stateDict.tensors.map { ($0.view.storage, 1) }, uniquingKeysWith: +)
  for (name, view) in stateDict.tensors {
    let storage = machine.heap.storages[view.storage]
    let source: ZipMemberBytes
    if let known = opened[view.storage] {
      source = known
    } else {
      guard let member = members[ExactName(root + "data/" + storage.key)] else {
        throw CheckpointError(file, .torchStorageMissing, tensor: name, expected: root + "data/" + storage.key)
      }
      guard member.size == storage.byteCount else {
        throw CheckpointError(
          file, .torchStorageSize, tensor: name, offset: member.dataRange.lowerBound,
          expected: "\(storage.byteCount) bytes", found: "\(member.size)")
      }
      source = ZipMemberBytes(member, in: archive)
      opened[view.storage] = source
    }
    let start = source.member.isDeflated ? nil : source.member.dataRange.lowerBound
    let entry = try view.entry(name, storage: storage, storageOffset: start, file: file)
    content.tensors.append(
      StoredTensor(
        entry, layout: view.layout, isBigEndian: isBigEndian, in: source, at: 0,
        isShared: uses[view.storage, default: 0] > 1))
  }
  return content
}

/// True for `big`; archives from before PyTorch 2.1 do not say, and are little-endian.
private func readByteOrder(_ member: ZipMember?, in archive: ZipArchive) throws(CheckpointError) -> Bool {
  guard let member else { return false }
  guard member.size <= 16 else {
    throw CheckpointError(archive.file, .torchByteOrder, offset: member.dataRange.lowerBound)
  }
  let bytes = try ZipMemberBytes(member, in: archive).whole()
  let text = withExtendedLifetime(bytes) { String(decoding: bytes.bytes, as: UTF8.self) }
  switch text {
  case "little": return false
  case "big": return true
  default:
    throw CheckpointError(
      archive.file, .torchByteOrder, offset: member.dataRange.lowerBound, expected: "little or big", found: "'\(text)'")
  }
}
