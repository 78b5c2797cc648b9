/// The tensors of a checkpoint with their names, as the pickle has them.
struct TorchStateDict {
  var tensors: [(name: String, view: TorchView)] = []
  var notes: [String] = []
  var isScript = false

  private let heap: PickleHeap
  private let file: String

  init(_ root: PickleValue, in heap: PickleHeap, file: String) throws(CheckpointError) {
    self.heap = heap
    self.file = file
    switch root {
    case .dict(let index): try readDict(unwrap(index))
    case .object(let index) where heap.globals[heap.objects[index].type].meaning == .scriptClass:
      isScript = true
      var visits = 0
      try readModule(index, prefix: "", depth: 0, visits: &visits)
    default: throw CheckpointError(file, .torchNotAStateDict, found: heap.description(of: root))
    }
    guard !tensors.isEmpty else { throw CheckpointError(file, .torchNoTensors) }
  }

  /// Steps into `{"state_dict": …}` and its like, as training scripts write them.
  private mutating func unwrap(_ root: Int) -> Int {
    var index = root
    for _ in 0..<4 {
      let entries = heap.dicts[index]
      var wrapped: (key: String, dict: Int)?
      for wrapper in ["state_dict", "model", "model_ema", "module"] where wrapped == nil {
        for (key, value) in entries {
          if heap.text(key) == wrapper, case .dict(let inner) = value { wrapped = (wrapper, inner) }
        }
      }
      guard let wrapped else { return index }
      index = wrapped.dict
      let others = entries.compactMap { heap.text($0.key) }.filter { $0 != wrapped.key }
      notes.append("The state dict was read from '\(wrapped.key)'\(listed(others, before: "; left out beside it:")).")
    }
    return index
  }

  /// Tensors are taken, plain values are left out; what is neither would be a tensor that is lost silently.
  private mutating func readDict(_ index: Int) throws(CheckpointError) {
    var others: [String] = []
    for (key, value) in heap.dicts[index] {
      guard let name = heap.text(key) else {
        throw CheckpointError(file, .torchKey, found: heap.description(of: key))
      }
      switch value {
      case .tensor(let tensor): tensors.append((name, heap.tensors[tensor]))
      case .none, .bool, .int, .float, .string, .tuple, .list, .dict: others.append(name)
      case .global, .object, .storage, .opaque:
        throw CheckpointError(file, .torchOpaqueTensor, tensor: name, found: heap.description(of: value))
      }
    }
    if !others.isEmpty { notes.append("Left out, for they are no tensors\(listed(others, before: ":")).") }
  }

  /// Walks the attributes of a TorchScript module: modules within give dotted names.
  private mutating func readModule(
    _ index: Int, prefix: String, depth: Int, visits: inout Int
  ) throws(CheckpointError) {
    guard case .dict(let attributes)? = heap.objects[index].state else { return }
    for (key, value) in heap.dicts[attributes] {
      // A module may be an attribute of many: the tree can be far larger than the file, even without end.
      visits += 1
      guard depth < 64, visits < 200_000, tensors.count < PickleMachine.tensorLimit, prefix.utf8.count < 512 else {
        throw CheckpointError(file, .torchTooManyTensors, tensor: prefix)
      }
      guard let name = heap.text(key) else {
        throw CheckpointError(file, .torchKey, tensor: prefix, found: heap.description(of: key))
      }
      switch value {
      case .tensor(let tensor): tensors.append((prefix + name, heap.tensors[tensor]))
      case .object(let inner) where heap.globals[heap.objects[inner].type].meaning == .scriptClass:
        try readModule(inner, prefix: prefix + name + ".", depth: depth + 1, visits: &visits)
      default: break
      }
    }
  }
}

/// The first few of many names.
private func listed(_ names: [String], before: String) -> String {
  if names.isEmpty { return "" }
  let shown = names.prefix(8).map { "'\(printable($0))'" }.joined(separator: ", ")
  return "\(before) \(shown)" + (names.count > 8 ? " and \(names.count - 8) more" : "")
}
