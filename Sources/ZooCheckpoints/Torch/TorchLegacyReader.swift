import ZooTensors

/// The first pickle of a legacy file: PyTorch's magic number.
let torchLegacyMagic: [UInt8] = [
  0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
]

/// Reads the format from before PyTorch 1.6: five pickles (magic number, version, system, object, storage keys), then the number of elements and the
/// elements for each key.
func readTorchLegacy(
  _ bytes: ByteView, file: String, part: String? = nil
) throws(CheckpointError) -> CheckpointContent {
  var at = torchLegacyMagic.count
  func next(_ machine: inout PickleMachine) throws(CheckpointError) -> PickleValue {
    do throws(CheckpointError) {
      let (value, length) = try machine.run()
      at += length
      return value
    } catch let error where error.rule == .pickleTruncated {
      throw CheckpointError(
        file, .pickleTruncated, offset: error.offset,
        found:
          "the file ends in the list of its tensors, and how much is missing cannot be known without the rest of it")
    }
  }
  func machine() -> PickleMachine { PickleMachine(bytes[at..<bytes.count], file: file, base: at) }
  func headerError(_ expected: String) -> CheckpointError {
    CheckpointError(file, .torchLegacyHeader, offset: at, expected: expected)
  }

  var version = machine()
  guard case .int(1001) = try next(&version) else { throw headerError("version 1001") }
  var system = machine()
  guard case .dict(let facts) = try next(&system) else { throw headerError("a description of the system") }
  for (key, value) in system.heap.dicts[facts] where system.heap.text(key) == "little_endian" {
    guard case .bool(true) = value else {
      throw CheckpointError(file, .torchByteOrder, offset: at, expected: "little")
    }
  }
  var object = machine()
  let root = try next(&object)
  let stateDict = try TorchStateDict(root, in: object.heap, file: file, part: part)
  var list = machine()
  guard case .list(let keys) = try next(&list) else { throw headerError("the keys of the storages") }

  let heap = object.heap
  var starts: [Int: Int] = [:]
  for value in list.heap.lists[keys] {
    guard let key = list.heap.text(value), let index = heap.storagePositions[ExactName(key)], starts[index] == nil
    else {
      throw headerError("keys of storages that the object uses, each once")
    }
    let storage = heap.storages[index]
    guard bytes.count - at >= 8, let count = bytes.u64(at), count == storage.count,
      storage.byteCount <= bytes.count - at - 8
    else {
      let stated = bytes.count - at >= 8 ? bytes.u64(at) : storage.count
      if stated == storage.count,
        let missing = missingBytes(
          of: heap.storages.indices.filter { starts[$0] == nil }.map { heap.storages[$0] }, after: at, in: bytes)
      {
        throw CheckpointError(file, .dataMissing, found: "at least \(missing) bytes of the tensors are missing")
      }
      throw CheckpointError(
        file, .torchStorageSize, offset: at, expected: "\(storage.count) elements of \(storage.dtype.rawValue)",
        found: bytes.count - at >= 8
          ? "\(bytes.integer(UInt64.self, at: at)), and \(bytes.count - at - 8) bytes" : "none")
    }
    starts[index] = at + 8
    at += 8 + storage.byteCount
  }
  guard at == bytes.count else { throw CheckpointError(file, .pickleTrailing, offset: at) }

  var content = CheckpointContent(
    container: .torchLegacy, tensors: [], notes: stateDict.notes, part: stateDict.part)
  for (name, view) in stateDict.tensors {
    let storage = heap.storages[view.storage]
    guard let start = starts[view.storage] else {
      throw CheckpointError(file, .torchStorageMissing, tensor: name, expected: "storage '\(storage.key)'")
    }
    let entry = try view.entry(name, storage: storage, storageOffset: start, file: file)
    let source = bytes[start..<start + storage.byteCount]
    content.tensors.append(
      StoredTensor(entry, layout: view.layout) { source })
  }
  return content
}

/// The number of bytes missing from the remaining storages, each preceded by its count, from `at` on; nil if none are missing or the sum overflows.
private func missingBytes(of storages: some Sequence<TorchStorage>, after at: Int, in bytes: ByteView) -> Int? {
  var needed = 0
  for storage in storages {
    let (sum, overflow) = needed.addingReportingOverflow(storage.byteCount)
    guard !overflow, sum <= Int.max - 8 else { return nil }
    needed = sum + 8
  }
  let missing = needed - (bytes.count - at)
  return missing > 0 ? missing : nil
}
