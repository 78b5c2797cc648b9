import ZooCheckpoints
import ZooModels

/// What a checkpoint that matches no layout is, as far as its names tell.
public struct Diagnosis: Sendable, Hashable {
  /// A kind such as `a LoRA adapter without its base model`; nil if not recognised.
  public let kind: String?
  /// The layout that is closest, and what is missing from it.
  public let nearest: LayoutMismatch?
  /// Prefixes of names that contain a model: values for `--part` that help.
  public let parts: [String]
  /// What may help with this kind.
  public let advice: String?
  /// For each layout, why it does not match.
  public let mismatches: [LayoutMismatch]

  /// - Parameters:
  ///   - path: The checkpoint, to find files beside it.
  ///   - part: The part of it that the headers belong to, if not all of it.
  ///   - isUnmerged: True if a whole model has an adapter beside its weights.
  init(_ headers: Headers, path: String, part: String? = nil, isUnmerged: Bool = false) {
    mismatches = layoutMismatches(headers)
    let familiar = isUnmerged ? .unmerged : FamiliarCheckpoint.all.first { $0.isLike(headers) }
    let base = familiar?.isAdapter == true ? adapterBase(beside: path) : nil
    kind = familiar?.title
    advice = familiar?.advice.map { advice in
      base.map { "\(advice); its base model is '\($0)' (adapter_config.json)" } ?? advice
    }
    // A part of a model with an adapter has the adapter, too.
    parts =
      familiar?.marks.contains(FamiliarCheckpoint.adapters) == true
      ? []
      : partsWithModels(headers)
        .map { inner in part.map { "\($0).\(inner)" } ?? inner }
    let fewest = zip(CheckpointLayout.all, mismatches).min { $0.0.share(of: headers) > $1.0.share(of: headers) }
    nearest = fewest.flatMap { $0.0.share(of: headers) > 0 ? $0.1 : nil }
  }

  /// A clause that follows the name of the file.
  var description: String {
    if let kind { return "cannot be converted: it looks like \(kind)" }
    let nearest = nearest.map { "; the nearest is \($0.layout), but \($0.reasons.joined(separator: " and "))" }
    return "does not match any supported layout" + (nearest ?? "")
  }

  /// What to do next.
  public var remedy: String {
    if !parts.isEmpty {
      let options = parts.prefix(4).map { "--part \($0)" }.joined(separator: " or ")
      return "it holds a model under a prefix of its own: read that alone with \(options)"
    }
    return advice ?? "'zoo inspect FILE' lists the tensors, and what each layout misses"
  }
}

/// The base model that `adapter_config.json` beside an adapter names.
private func adapterBase(beside path: String) -> String? {
  struct File: Decodable { var baseModelNameOrPath: String? }
  let file = joinPath(splitPath(path).parent, "adapter_config.json")
  guard let name = try? readJSON(File.self, file).baseModelNameOrPath, !name.isEmpty else { return nil }
  return name
}

/// Prefixes after which the names match a layout.
private func partsWithModels(_ headers: Headers) -> [String] {
  var groups: [String: [Headers.Entry]] = [:]
  var order: [String] = []
  for entry in headers.entries {
    var at = entry.name.startIndex
    for _ in 0..<4 {
      guard let dot = entry.name[at...].firstIndex(of: ".") else { break }
      let prefix = String(entry.name[..<dot])
      at = entry.name.index(after: dot)
      if groups[prefix] == nil {
        // Real checkpoints have a few hundred; a file made of prefixes is not searched.
        if order.count == 20_000 { return [] }
        order.append(prefix)
      }
      groups[prefix, default: []].append(
        Headers.Entry(name: String(entry.name[at...]), dtype: entry.dtype, shape: entry.shape))
    }
  }
  let found = order.filter { prefix in
    guard let group = groups[prefix], group.count > 8 else { return false }
    let inner = Headers(group)
    return CheckpointLayout.all.contains { $0.mismatches(inner).isEmpty }
  }
  // A tower inside a whole model is not what the user means.
  return found.filter { prefix in !found.contains { prefix.hasPrefix("\($0).") } }
}

extension CheckpointLayout {
  /// The fraction of what the layout needs that is there, from 0 to 1.
  fileprivate func share(of headers: Headers) -> Double {
    let count = fingerprint.needs.count + fingerprint.forbids.count
    let present = fingerprint.needs.count { $0.contains(where: headers.contains) }
    return present == 0 || count == 0 ? 0 : 1 - Double(mismatches(headers).count) / Double(count)
  }
}
