import ZooModels

/// The layout whose fingerprint matches.
///
/// Otherwise throws a `ConvertError` that says what the checkpoint looks like.
///
/// - Parameter part: The part of the file that the headers belong to, if not all of it.
package func detectLayout(
  _ headers: Headers, path: String, part: String? = nil
) throws(ConvertError) -> CheckpointLayout {
  let matches = CheckpointLayout.all.filter { $0.mismatches(headers).isEmpty }
  // An adapter beside or around some of a model's weights leaves the names that identify the layout unchanged.
  let hasAdapters = FamiliarCheckpoint.hasAdapters(headers), fitting = hasAdapters ? [] : matches
  if let layout = fitting.first, fitting.count == 1 { return layout }
  guard fitting.isEmpty else { throw .severalLayouts(path: path, layouts: fitting.map(\.name)) }
  throw .unknownLayout(
    path: path, Diagnosis(headers, path: path, part: part, isUnmerged: hasAdapters && !matches.isEmpty))
}

/// For each layout, why it is not that of a checkpoint; no reasons for those that match.
package func layoutMismatches(_ headers: Headers) -> [LayoutMismatch] {
  CheckpointLayout.all.map { LayoutMismatch(layout: $0.name, reasons: $0.mismatches(headers)) }
}

/// The registered architectures that have exactly these tensors.
package func candidates(_ layout: CheckpointLayout, _ headers: Headers, _ registry: Registry) -> [Manifest] {
  let facts = layout.measure(headers)
  return registry.manifests.filter { manifest in
    let architecture = manifest.architecture
    guard architecture.unsupported == nil, architecture.vision?.blocks.width == facts.vision.width,
      architecture.vision?.blocks.layers ?? 0 == facts.vision.layers, architecture.vision?.patch == facts.vision.patch,
      architecture.text?.vocabulary == facts.text?.vocabulary, architecture.text?.blocks.layers == facts.text?.layers
    else { return false }
    return makePlan(layout, architecture, headers).problems.isEmpty
  }
}

/// A registered architecture that has exactly these tensors but cannot be converted.
func unsupportedMatch(_ headers: Headers, _ registry: Registry) -> Manifest? {
  registry.manifests.first { manifest in
    guard manifest.architecture.unsupported != nil, !manifest.architecture.foreign.isEmpty else { return false }
    let foreign = manifest.architecture.foreign
    guard foreign.reduce(0, { $0 + ($1.count ?? 1) }) == headers.entries.count else { return false }
    // Groups are compared by their first tensor, so that nothing is expanded.
    return foreign.allSatisfy { group in headers[group.name.replacing("{N}", with: "0")]?.shape == group.shape }
  }
}
