extension CheckpointContent {
  /// Takes off what wrappers of PyTorch put before every name: `module.` (parallel training), `_orig_mod.` (`torch.compile`).
  ///
  /// Only a prefix that all names have is taken off, so that no two names can become one.
  mutating func stripPrefixes() {
    guard container != .npz, container != .npy, container != .torchScript else { return }
    while let prefix = ["module.", "_orig_mod."].first(where: isPrefixOfAll) {
      for index in tensors.indices {
        let entry = tensors[index].entry
        tensors[index].entry = CheckpointEntry(
          name: String(entry.name.utf8.dropFirst(prefix.utf8.count)) ?? entry.name, dtype: entry.dtype,
          shape: entry.shape, byteCount: entry.byteCount, file: entry.file, fileOffset: entry.fileOffset)
      }
      notes.append("The prefix '\(prefix)' was taken off all names.")
    }
  }

  private func isPrefixOfAll(_ prefix: String) -> Bool {
    !tensors.isEmpty && tensors.allSatisfy { $0.entry.name.utf8.starts(with: prefix.utf8) }
  }
}
