/// The tensors of a checkpoint under the names that the pickle gives them.
struct TorchStateDict {
  var tensors: [(name: String, view: TorchView)] = []
  var notes: [String] = []
  var isScript = false
  /// The rest of the caller's `part` that is not a dictionary key and must therefore be a prefix of names.
  private(set) var part: String?

  private let heap: PickleHeap
  private let file: String

  init(_ root: PickleValue, in heap: PickleHeap, file: String, part: String? = nil) throws(CheckpointError) {
    self.heap = heap
    self.file = file
    self.part = part
    switch root {
    case .dict(let index):
      var search = WrapperSearch(heap: heap, file: file)
      let start = self.part == nil ? index : search.descend(from: index, by: &self.part)
      let dict = try search.unwrap(start)
      notes = search.notes
      try readDict(dict)
    case .object(let index) where heap.globals[heap.objects[index].type].meaning == .scriptClass:
      isScript = true
      var visits = 0
      try readModule(index, prefix: "", depth: 0, visits: &visits)
    default: throw CheckpointError(file, .torchNotAStateDict, found: heap.description(of: root))
    }
    guard !tensors.isEmpty else {
      guard case .dict(let index) = root else { throw CheckpointError(file, .torchNoTensors) }
      let keys = heap.dicts[index].compactMap { heap.text($0.key) }
      throw CheckpointError(file, .torchNoTensors, found: keys.isEmpty ? nil : "it holds \(listed(keys))")
    }
  }

  /// Takes tensors and skips plain values; anything else is an error, as it could be a tensor that would be lost silently.
  private mutating func readDict(_ index: Int) throws(CheckpointError) {
    var others: [String] = []
    for (key, value) in heap.dicts[index] {
      guard let name = heap.text(key) else {
        throw CheckpointError(file, .torchKey, found: heap.description(of: key))
      }
      switch value {
      case .tensor(let tensor):
        guard tensors.count < Checkpoint.tensorLimit else { throw CheckpointError(file, .torchTooManyTensors) }
        tensors.append((name, heap.tensors[tensor]))
      case .none, .bool, .int, .float, .string, .tuple, .list, .dict: others.append(name)
      case .global, .object, .storage, .opaque:
        throw CheckpointError(file, .torchOpaqueTensor, tensor: name, found: heap.description(of: value))
      }
    }
    if !others.isEmpty { notes.append("Left out, for they are not tensors: \(listed(others)).") }
  }

  /// Walks the attributes of a TorchScript module; nested modules give dotted names.
  private mutating func readModule(
    _ index: Int, prefix: String, depth: Int, visits: inout Int
  ) throws(CheckpointError) {
    guard case .dict(let attributes)? = heap.objects[index].state else { return }
    for (key, value) in heap.dicts[attributes] {
      // A module may be an attribute of many others, so the tree can be far larger than the file, even infinite.
      visits += 1
      guard let name = heap.text(key) else {
        throw CheckpointError(file, .torchKey, tensor: prefix, found: heap.description(of: key))
      }
      guard depth < 64, visits < 200_000, tensors.count < Checkpoint.tensorLimit,
        prefix.utf8.count + name.utf8.count < 1024
      else { throw CheckpointError(file, .torchTooManyTensors, tensor: prefix) }
      switch value {
      case .tensor(let tensor): tensors.append((prefix + name, heap.tensors[tensor]))
      case .object(let inner) where heap.globals[heap.objects[inner].type].meaning == .scriptClass:
        try readModule(inner, prefix: prefix + name + ".", depth: depth + 1, visits: &visits)
      default: break
      }
    }
  }
}
