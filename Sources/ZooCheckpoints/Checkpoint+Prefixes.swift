import ZooTensors

/// What training code adds around the names of a model's tensors. None of it belongs to the name.
private struct NameRule {
  enum Place {
    /// Before every name.
    case start
    /// Before any part of a name.
    case anywhere
  }

  /// Each with its dot; for `start`, every name must begin with one of them.
  let parts: [String]
  var place = Place.start
  /// A counter that the same code stores beside the tensors, and that is removed with the prefix.
  var counter: String?
  /// The tool that writes it.
  let origin: String

  static let all = [
    NameRule(parts: ["_orig_mod."], place: .anywhere, origin: "torch.compile"),
    NameRule(parts: ["_fsdp_wrapped_module."], place: .anywhere, origin: "FullyShardedDataParallel"),
    NameRule(parts: ["_checkpoint_wrapped_module."], place: .anywhere, origin: "activation checkpointing"),
    NameRule(parts: ["module."], counter: "n_averaged", origin: "DataParallel, DeepSpeed or AveragedModel"),
    NameRule(
      parts: ["_image_encoder.module.", "_text_encoder.module.", "_logit_scale.module."], origin: "TinyCLIP"),
    NameRule(parts: ["_image_encoder.", "_text_encoder.", "_logit_scale."], origin: "TinyCLIP"),
    NameRule(parts: ["base_model.model."], origin: "PEFT"),
    NameRule(parts: ["model."], origin: "a Lightning module or a class around the model"),
    NameRule(parts: ["clip_model."], origin: "a class around the model"),
    NameRule(parts: ["clip."], origin: "a class around the model"),
    NameRule(parts: ["net."], origin: "a class around the model"),
    NameRule(parts: ["network."], origin: "a class around the model"),
    NameRule(parts: ["backbone."], origin: "a class around the model"),
    NameRule(parts: ["vision_tower."], origin: "a vision-language model around the image tower"),
    NameRule(parts: ["teacher."], origin: "distillation"),
    NameRule(parts: ["ema_model."], origin: "a moving average of the weights"),
    NameRule(parts: ["ema."], origin: "a moving average of the weights"),
  ]

  /// The name without the rule's parts; nil if the rule does not apply to it.
  func applied(to name: String) -> String? {
    switch place {
    case .start:
      return parts.first { name.utf8.starts(with: $0.utf8) && name.utf8.count > $0.utf8.count }.flatMap {
        String(name.utf8.dropFirst($0.utf8.count))
      }
    case .anywhere:
      var rest = name
      for part in parts {
        while rest.hasPrefix(part) { rest.removeFirst(part.count) }
        rest = rest.replacing(".\(part)", with: ".")
      }
      return rest.isEmpty ? nil : rest
    }
  }
}

extension CheckpointContent {
  /// Removes what training code adds around names, applying the rules above in turn until none applies.
  ///
  /// A rule is applied only if it fits all names and keeps them distinct.
  mutating func stripPrefixes() {
    guard container != .npz, container != .npy, container != .torchScript else { return }
    while NameRule.all.contains(where: { follow($0) }) {}
  }

  private mutating func follow(_ rule: NameRule) -> Bool {
    let kept = tensors.filter { $0.entry.name != rule.counter }
    let names = kept.compactMap { rule.applied(to: $0.entry.name) }
    guard !names.isEmpty, names.count == kept.count, Set(names.map(ExactName.init)).count == names.count,
      zip(names, kept).contains(where: { $0 != $1.entry.name })
    else { return false }
    let counter = kept.count < tensors.count ? rule.counter : nil
    tensors = zip(kept, names).map { $0.renamed($1) }
    let parts = rule.parts.map { "'\($0)'" }.joined(separator: ", ")
    let subject = rule.parts.count == 1 ? "prefix \(parts) was" : "prefixes \(parts) were"
    notes.append(
      "The \(subject) taken off \(rule.place == .start ? "all" : "the") names (\(rule.origin))"
        + "\(counter.map { "; '\($0)' beside it was left out" } ?? "").")
    return true
  }

  /// Keeps only the tensors under a prefix that the caller named, and removes the prefix.
  ///
  /// - Returns: False if there are none.
  mutating func select(_ part: String) -> Bool {
    let prefix = part + "."
    let kept = tensors.filter { $0.entry.name.utf8.starts(with: prefix.utf8) }
    guard !kept.isEmpty else { return false }
    let others = tensors.map(\.entry.name).filter { !$0.utf8.starts(with: prefix.utf8) }
    tensors = kept.map { $0.renamed(String($0.entry.name.utf8.dropFirst(prefix.utf8.count)) ?? $0.entry.name) }
    notes.append(
      "Only the tensors under '\(printable(part))' were read"
        + (others.isEmpty ? "." : "; left out beside them: \(listed(others))."))
    return true
  }
}

extension StoredTensor {
  fileprivate func renamed(_ name: String) -> StoredTensor {
    var copy = self
    copy.entry = CheckpointEntry(
      name: name, dtype: entry.dtype, shape: entry.shape, byteCount: entry.byteCount, file: entry.file,
      fileOffset: entry.fileOffset)
    return copy
  }
}

/// The first few of many names, in quotes.
func listed(_ names: [String]) -> String {
  let shown = names.prefix(8).map { "'\(printable($0))'" }.joined(separator: ", ")
  return shown + (names.count > 8 ? " and \(names.count - 8) more" : "")
}
