import ZooTensors

extension Checkpoint {
  /// Reads `*.index.json` and the shards beside it, which must hold exactly the tensors that the index places in them.
  static func openShards(index path: String) throws(CheckpointError) -> Checkpoint {
    let index = try readShardIndex(MappedFile(path).view, file: path)
    var containers: Set<Container> = []
    var stored: [ExactName: StoredTensor] = [:]
    var content = CheckpointContent(container: .safetensorsShards, tensors: [])
    let files = index.shards.map { ZooCheckpoints.path(of: $0, in: folder(of: path)) }
    for (shard, file) in zip(index.shards, files) {
      let shardContent = try readShard(file, index: path)
      containers.insert(shardContent.container)
      content.metadata.merge(shardContent.metadata) { old, _ in old }
      content.notes += shardContent.notes
      content.maps += shardContent.maps
      for tensor in shardContent.tensors {
        let name = ExactName(tensor.entry.name)
        guard index.placement[name] == shard else {
          throw CheckpointError(file, .shardExtraTensor, tensor: name.text, offset: tensor.entry.fileOffset)
        }
        guard stored.updateValue(tensor, forKey: name) == nil else {
          throw CheckpointError(file, .duplicateName, tensor: name.text, offset: tensor.entry.fileOffset)
        }
      }
    }
    switch containers {
    case [.safetensors], []: break
    case [.torchZip], [.torchLegacy], [.torchZip, .torchLegacy]: content.container = .torchShards
    default:
      throw CheckpointError(path, .shardContainer, found: containers.map(\.rawValue).sorted().joined(separator: ", "))
    }
    for name in index.names {
      guard let tensor = stored[name] else {
        throw CheckpointError(path, .shardLacksTensor, tensor: name.text, expected: index.placement[name])
      }
      content.tensors.append(tensor)
    }
    return try Checkpoint(path: path, files: [path] + files, content: content)
  }

  private static func readShard(_ file: String, index: String) throws(CheckpointError) -> CheckpointContent {
    do {
      let map = try MappedFile(file)
      var content = try readContent(map.view, path: file)
      content.maps = [map]
      return content
    } catch {
      throw error.rule == .notFound ? CheckpointError(index, .shardMissing, found: file) : error
    }
  }
}

/// Which shard holds which tensor.
private struct ShardIndex {
  /// In the order of the index.
  var names: [ExactName] = []
  var placement: [ExactName: String] = [:]
  /// File names, each once, in order of first mention.
  var shards: [String] = []
}

/// `{"weight_map": {TENSOR: FILE}}`; everything else in it (`metadata.total_size`) is informative only.
private func readShardIndex(_ text: ByteView, file: String) throws(CheckpointError) -> ShardIndex {
  var json = JSONScanner(text, file: file)
  var index: ShardIndex?
  try json.openObject()
  while let key = try json.nextKey() {
    guard key == "weight_map" else {
      try json.skipValue()
      continue
    }
    var map = ShardIndex()
    var known: Set<ExactName> = []
    try json.openObject()
    while let name = try json.nextKey() {
      json.skipSpace()
      let shard = try json.string()
      guard isPlainFileName(shard) else {
        throw CheckpointError(file, .shardName, tensor: name, offset: json.at, found: "'\(shard)'")
      }
      map.names.append(ExactName(name))
      map.placement[ExactName(name)] = shard
      if known.insert(ExactName(shard)).inserted { map.shards.append(shard) }
    }
    index = map
  }
  try json.end()
  guard let index else { throw CheckpointError(file, .indexIncomplete) }
  return index
}

private func isPlainFileName(_ name: String) -> Bool {
  !name.isEmpty && name != "." && name != ".." && !name.hasSuffix(".index.json")
    && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
}
