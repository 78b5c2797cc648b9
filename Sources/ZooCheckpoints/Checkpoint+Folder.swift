extension Checkpoint {
  /// Names that hubs and libraries give to weights files, best first: OpenCLIP's file before that of transformers, which is the same model in a
  /// different layout, and safetensors before PyTorch's pickles.
  package static let preferredNames = [
    "open_clip_model.safetensors", "model.safetensors", "model.safetensors.index.json", "open_clip_pytorch_model.bin",
    "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// The checkpoint of a folder, chosen by file names alone: nil if there is none, or if several could be meant.
  ///
  /// A name in `preferredNames` wins over all others; otherwise, files that differ only in extension or precision are assumed to hold the same
  /// weights.
  package static func name(among names: [String]) -> (name: String?, candidates: [String]) {
    let candidates = checkpointNames(names)
    let preferred = preferredNames.first { name in candidates.contains { $0.name == name } }
    let isOne = candidates.allSatisfy { $0.stem == candidates[0].stem }
    return (preferred ?? (isOne ? candidates.min { $0.rank < $1.rank }?.name : nil), candidates.map(\.name))
  }
}

/// The files of a checkpoint that is opened by one path.
enum CheckpointSource {
  case file(String)
  /// An index of shards.
  case index(String)
  /// Shards, in order, that only their names connect.
  case shards([String])

  /// - Parameter path: A file, an index, or a shard, which brings in the other shards.
  init(_ path: String) {
    let (folder, name) = splitPath(path)
    guard let parsed = CheckpointName(name) else {
      self = isShardIndex(name) ? .index(path) : .file(path)
      return
    }
    if parsed.isIndex {
      self = .index(path)
    } else if parsed.shard != nil {
      let names = (try? namesInFolder(folder.isEmpty ? "." : folder)) ?? []
      let index = names.compactMap(CheckpointName.init).first {
        $0.isIndex && ($0.stem, $0.variant, $0.ending) == (parsed.stem, parsed.variant, parsed.ending)
      }
      self =
        index.map { .index(joinPath(folder, $0.name)) }
        ?? .shards(parsed.siblings.map { joinPath(folder, $0) })
    } else {
      self = .file(path)
    }
  }
}

/// The checkpoint in a folder, and a note if it was chosen among several.
///
/// Names decide as in `Checkpoint.name`; files with the same bytes also count as one. Several remaining candidates are an error, as which one is
/// meant cannot be guessed.
func checkpointInFolder(_ folder: String) throws(CheckpointError) -> (name: String, note: String?) {
  let (best, candidates) = Checkpoint.name(among: try namesInFolder(folder))
  guard let first = candidates.first else {
    let below = foldersWithCheckpoints(in: folder, depth: 2)
    throw CheckpointError(
      folder, .noCheckpointInFolder, found: below.isEmpty ? nil : "those below it do: \(listed(below))")
  }
  func chosen(_ name: String, _ reason: String) -> (String, String?) {
    func isAdapter(_ name: String) -> Bool { name.hasPrefix("adapter_model.") }
    let others = candidates.filter { $0 != name }, adapters = others.filter(isAdapter)
    let models = others.filter { !isAdapter($0) }
    var notes: [String] = []
    if !models.isEmpty {
      notes.append(
        "'\(printable(name))' was read and not \(listed(models)) beside it\(reason): name a file to read that one.")
    }
    if !adapters.isEmpty {
      notes.append(
        "The adapter \(listed(adapters)) beside it is not applied: merge it with merge_and_unload() of PEFT first.")
    }
    return (name, notes.isEmpty ? nil : notes.joined(separator: " "))
  }
  switch best {
  case Checkpoint.preferredNames[0]?: return chosen(Checkpoint.preferredNames[0], " (OpenCLIP's file comes first)")
  case let name? where Checkpoint.preferredNames.contains(name):
    return chosen(name, " (safetensors comes before PyTorch)")
  case let name?: return chosen(name, " (safetensors and full precision come first)")
  case nil: break
  }
  if try haveSameContent(candidates.map { joinPath(folder, $0) }) {
    return chosen(first, ", whose content is the same")
  }
  throw CheckpointError(folder, .severalCheckpointsInFolder, found: candidates.joined(separator: ", "))
}

/// Subfolders that hold checkpoints, as relative paths.
private func foldersWithCheckpoints(in folder: String, depth: Int) -> [String] {
  let names = (try? namesInFolder(folder))?.filter { !$0.hasPrefix(".") } ?? []
  return names.flatMap { name -> [String] in
    let inner = joinPath(folder, name)
    guard isFolder(inner), let files = try? namesInFolder(inner) else { return [] }
    let deeper = depth > 1 ? foldersWithCheckpoints(in: inner, depth: depth - 1) : []
    return (checkpointNames(files).isEmpty ? [] : [name]) + deeper.map { "\(name)/\($0)" }
  }
}

/// The files of a folder that could be a model: shards count once, and not at all beside their index.
private func checkpointNames(_ names: [String]) -> [CheckpointName] {
  // Files that trainers save beside a model.
  let states = ["optimizer", "scheduler", "scaler", "rng_state", "random_states", "training_args", "zero_pp_rank_"]
  let parsed = names.filter { name in !states.contains(where: name.hasPrefix) }.compactMap(CheckpointName.init)
  let indices = parsed.filter(\.isIndex)
  return parsed.filter { file in
    guard let shard = file.shard else { return true }
    let isIndexed = indices.contains { $0.stem == file.stem && $0.ending == file.ending && $0.variant == file.variant }
    let firstPresent = file.siblings.first(where: names.contains)
    return !isIndexed && shard.count > 0 && firstPresent == file.name
  }
}

private func haveSameContent(_ paths: [String]) throws(CheckpointError) -> Bool {
  guard let path = paths.first else { return true }
  let first = try MappedFile(path).view
  for path in paths.dropFirst() {
    let other = try MappedFile(path).view
    guard first.count == other.count, first.bytes.elementsEqual(other.bytes) else { return false }
  }
  return true
}
