/// The checkpoint in a folder: the one file with a name that is known, or else the one file that could be a checkpoint at all.
///
/// Shards do not count beside their index. Several candidates are an error: which one is meant is not ours to guess.
func checkpointInFolder(_ folder: String) throws(CheckpointError) -> String {
  let names = try namesInFolder(folder)
  let known: Set = [
    "open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin", "pytorch_model.bin",
  ]
  var candidates = names.filter { known.contains($0) || $0.hasSuffix(".index.json") }
  if candidates.isEmpty {
    let endings = [".safetensors", ".npz", ".pt", ".pth", ".bin", ".ckpt"]
    candidates = names.filter { name in endings.contains { name.hasSuffix($0) } }
  }
  guard let first = candidates.first else { throw CheckpointError(folder, .noCheckpointInFolder) }
  guard candidates.count == 1 else {
    throw CheckpointError(folder, .severalCheckpointsInFolder, found: candidates.joined(separator: ", "))
  }
  return path(of: first, in: folder)
}

func path(of name: String, in folder: String) -> String {
  if folder.isEmpty { return name }
  return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}

/// The folder part of a path, empty for a bare file name.
func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
