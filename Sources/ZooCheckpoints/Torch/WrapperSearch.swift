import ZooTensors

/// Descends into the dictionaries that training scripts put around a state dict, such as `{"state_dict": …, "epoch": …}`.
struct WrapperSearch {
  /// Keys under which whole state dicts are stored, and the tools that write them.
  private static let origins = [
    "state_dict": "Lightning, open_clip and others", "model_state_dict": "PyTorch's tutorials",
    "model_state": "training scripts", "model": "DeiT, MAE and others", "module": "DeepSpeed",
    "model_weights": "training scripts", "weights": "training scripts", "params": "BasicSR", "params_ema": "BasicSR",
    "net": "training scripts", "network": "training scripts", "ema": "a moving average of the weights",
    "ema_model": "a moving average of the weights", "model_ema": "a moving average of the weights",
    "state_dict_ema": "a moving average of the weights", "ema_state_dict": "a moving average of the weights",
    "teacher": "distillation", "student": "distillation", "clip": "training scripts", "clip_model": "training scripts",
    "backbone": "training scripts",
  ]
  private static let depthLimit = 4

  let heap: PickleHeap
  let file: String
  private(set) var notes: [String] = []
  private var path: [String] = []
  /// The number of tensors in each dictionary, directly or through wrappers; 0 while it is being counted.
  private var counts: [Int: Int] = [:]

  init(heap: PickleHeap, file: String) {
    self.heap = heap
    self.file = file
  }

  /// A nested dictionary and the number of its tensors.
  private struct Holder {
    let key: String
    let dict: Int
    let count: Int
  }

  /// Follows the keys that a caller named as far as they exist; the rest stays in `part`.
  mutating func descend(from root: Int, by part: inout String?) -> Int {
    var index = root
    while let rest = part {
      let inner = dictionaries(in: index).filter { rest == $0.key || rest.hasPrefix($0.key + ".") }
      guard let next = inner.max(by: { $0.key.utf8.count < $1.key.utf8.count }) else { return index }
      part = rest == next.key ? nil : String(rest.dropFirst(next.key.count + 1))
      notes.append("The state dict was read from '\(printable(next.key))', as asked.")
      path.append(next.key)
      index = next.dict
    }
    return index
  }

  /// The dictionary that holds the tensors.
  ///
  /// - Throws: `severalStateDicts` if there is more than one, as which one is meant cannot be guessed.
  mutating func unwrap(_ root: Int) throws(CheckpointError) -> Int {
    var index = root
    for _ in 0..<Self.depthLimit {
      guard let inner = try wrapped(in: index) else { return index }
      let others = heap.dicts[index].compactMap { heap.text($0.key) }.filter { $0 != inner.key }
      let origin = Self.origins[inner.key].map { " (\($0))" } ?? ""
      notes.append(
        "The state dict was read from '\(printable(inner.key))'\(origin)"
          + (others.isEmpty ? "." : "; left out beside it: \(listed(others))."))
      path.append(inner.key)
      index = inner.dict
    }
    return index
  }

  /// The one nested dictionary that holds the model; nil if these entries are the model themselves.
  ///
  /// Dictionaries under known keys are considered; those under other keys only if there are no tensors otherwise. One with less than half as many
  /// tensors as the largest is not considered to be the model.
  private mutating func wrapped(in index: Int) throws(CheckpointError) -> Holder? {
    let direct = directCount(index)
    var holders: [Holder] = []
    for (key, dict) in dictionaries(in: index) {
      let count = tensorCount(dict)
      if count > 0 { holders.append(Holder(key: key, dict: dict, count: count)) }
    }
    let known = holders.filter { Self.origins[$0.key] != nil }
    let isKnown = !known.isEmpty
    if !isKnown && direct > 0 { return nil }
    let considered = isKnown ? known : holders
    guard let largest = considered.max(by: { $0.count < $1.count }) else { return nil }
    // Dictionaries under unknown keys may be parts of one model.
    let rivals = considered.filter { $0.dict != largest.dict && (!isKnown || 2 * $0.count >= largest.count) }
    if rivals.isEmpty && 2 * direct <= largest.count { return largest }
    if rivals.isEmpty && direct > 2 * largest.count { return nil }
    let named = ([largest] + rivals).map {
      "'\(printable((path + [$0.key]).joined(separator: ".")))' (\($0.count) tensors)"
    }
    throw CheckpointError(
      file, .severalStateDicts,
      found: (named.prefix(8) + (2 * direct > largest.count ? ["\(direct) tensors beside them"] : [])).joined(
        separator: ", "))
  }

  /// The dictionaries among the values, each key once with its last value, as in Python.
  private func dictionaries(in index: Int) -> [(key: String, dict: Int)] {
    var last: [ExactName: Int] = [:]
    var keys: [ExactName] = []
    for (key, value) in heap.dicts[index] {
      guard let text = heap.text(key), case .dict(let dict) = value else { continue }
      if last.updateValue(dict, forKey: ExactName(text)) == nil { keys.append(ExactName(text)) }
    }
    return keys.compactMap { key in last[key].map { (key.text, $0) } }
  }

  private func directCount(_ index: Int) -> Int {
    heap.dicts[index].count { entry in
      if case .tensor = entry.value { heap.text(entry.key) != nil } else { false }
    }
  }

  /// The number of tensors in a dictionary, or else in the largest one inside it under a known key.
  private mutating func tensorCount(_ index: Int, depth: Int = 0) -> Int {
    if let known = counts[index] { return known }
    counts[index] = 0
    var count = directCount(index)
    if depth < Self.depthLimit {
      for (key, dict) in dictionaries(in: index) where Self.origins[key] != nil {
        count = max(count, tensorCount(dict, depth: depth + 1))
      }
    }
    counts[index] = count
    return count
  }
}
