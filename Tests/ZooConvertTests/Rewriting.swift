import ZooCheckpoints
import ZooTensors

/// Rewrites a golden checkpoint under other names, as a fine-tune would save it.
///
/// - Parameters:
///   - name: The name to write; nil leaves the tensor out.
///   - more: Tensors to add.
func rewrite(
  _ golden: String, to path: String, more: [(name: String, tensor: Tensor)] = [], name: (String) -> String? = { $0 }
) throws {
  let source = try Checkpoint.openAsStored(golden)
  let kept = source.entries.compactMap { entry in name(entry.name).map { (entry, $0) } }
  let writer = try SafetensorsWriter(
    path,
    tensors: kept.map { ($1, $0.dtype, $0.shape) } + more.map { ($0.name, $0.tensor.dtype, $0.tensor.shape) },
    metadata: [:])
  for (entry, _) in kept {
    let tensor = try source.tensor(entry.name)
    try withExtendedLifetime(tensor) { try writer.append(tensor.data.bytes) }
  }
  for (_, tensor) in more { try writer.append(tensor.data.bytes) }
  try writer.finish()
}
