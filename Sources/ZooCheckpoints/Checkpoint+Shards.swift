import ZooJSON
import ZooTensors

extension Checkpoint {
  /// Reads `*.index.json` and the shards beside it, which must hold exactly the tensors that the index places in them.
  ///
  /// - Parameter files: Set to the index and the shards.
  static func readShards(index path: String, files: inout [String]) throws(CheckpointError) -> CheckpointContent {
    let index = try readShardIndex(MappedFile(path).view, file: path)
    var stored: [ExactName: StoredTensor] = [:]
    let shardFiles = index.shards.map { joinPath(splitPath(path).parent, $0) }
    files = [path] + shardFiles
    var (content, shards) = try merged(shardFiles, missing: path)
    for (position, tensors) in shards.enumerated() {
      let (shard, file) = (index.shards[position], shardFiles[position])
      for tensor in tensors {
        let name = ExactName(tensor.entry.name)
        guard index.placement[name] == shard else {
          throw CheckpointError(file, .shardExtraTensor, tensor: name.text, offset: tensor.entry.fileOffset)
        }
        guard stored.updateValue(tensor, forKey: name) == nil else {
          throw CheckpointError(file, .duplicateName, tensor: name.text, offset: tensor.entry.fileOffset)
        }
      }
    }
    for name in index.names {
      guard let tensor = stored[name] else {
        throw CheckpointError(path, .shardLacksTensor, tensor: name.text, expected: index.placement[name])
      }
      content.tensors.append(tensor)
    }
    return content
  }

  /// Reads shards that have no index: only their names tell that they belong together.
  static func readShards(_ files: [String]) throws(CheckpointError) -> CheckpointContent {
    let (content, shards) = try merged(files, missing: files.first ?? "")
    var all = content
    all.tensors = shards.flatMap(\.self)
    all.notes.append("There is no index of the \(files.count) shards: they were put together by their names.")
    return all
  }

  /// The content of all shards combined, and the tensors of each.
  ///
  /// - Parameter path: The file to name if one of them does not exist.
  private static func merged(
    _ files: [String], missing path: String
  ) throws(CheckpointError) -> (CheckpointContent, [[StoredTensor]]) {
    var content = CheckpointContent(container: .safetensorsShards, tensors: [])
    var containers: Set<Container> = []
    var shards: [[StoredTensor]] = []
    var count = 0
    for file in files {
      do throws(CheckpointError) {
        let shard = try readFile(file)
        containers.insert(shard.container)
        content.metadata.merge(shard.metadata) { old, _ in old }
        content.notes += shard.notes
        content.maps += shard.maps
        shards.append(shard.tensors)
        count += shard.tensors.count
        guard count <= Checkpoint.tensorLimit else {
          throw CheckpointError(path, .tooManyTensors, expected: "at most \(Checkpoint.tensorLimit)")
        }
      } catch {
        throw error.rule == .notFound ? CheckpointError(path, .shardMissing, found: file) : error
      }
    }
    switch containers {
    case [.safetensors], []: break
    case [.torchZip], [.torchLegacy], [.torchZip, .torchLegacy]: content.container = .torchShards
    default:
      throw CheckpointError(path, .shardContainer, found: containers.map(\.rawValue).sorted().joined(separator: ", "))
    }
    return (content, shards)
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
  guard text.count <= safetensorsHeaderLimit else {
    throw CheckpointError(
      file, .indexTooLong, expected: "at most \(safetensorsHeaderLimit) bytes", found: "\(text.count)")
  }
  var json = JSONScanner<CheckpointError>(text, file: file)
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
      if known.insert(ExactName(shard)).inserted {
        guard isPlainFileName(shard) else {
          throw CheckpointError(file, .shardName, tensor: name, offset: json.at, found: "'\(shard)'")
        }
        map.shards.append(shard)
      }
      map.names.append(ExactName(name))
      map.placement[ExactName(name)] = shard
    }
    index = map
  }
  try json.end()
  guard let index else { throw CheckpointError(file, .indexIncomplete) }
  return index
}

private func isPlainFileName(_ name: String) -> Bool {
  !name.isEmpty && name != "." && name != ".." && !isShardIndex(name)
    && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
}
