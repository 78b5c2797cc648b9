import ZooModels

/// What the names of a file and of its folders say of its model.
struct NameEvidence {
  let manifest: Manifest
  /// Nil where a name tells the architecture and no tag.
  let weights: PretrainedWeights?
  /// The name that says so.
  let component: String

  /// Looks at the file's name, then at its folders, nearest first; only `candidates` count, whose shapes fit.
  ///
  /// A hub repository (`CLIP-ViT-H-14-laion2B-s32B-b79K`, also in a cache's `models--laion--...`) or the name of a released file tells both
  /// architecture and tag; otherwise an architecture and a tag are looked for, each the longest that occurs.
  static func find(path: String, candidates: [Manifest]) -> NameEvidence? {
    var partial: NameEvidence?
    for component in components(path) {
      let name = plain(component)
      if let found = repository(name, component, candidates) ?? release(name, component, candidates) { return found }
      let named = candidates.filter { name.contains(plain($0.name)) }
        .max { plain($0.name).count < plain($1.name).count }
      let manifest = named ?? partial?.manifest
      let scope = manifest.map { [$0] } ?? candidates
      let tags = scope.flatMap { manifest in manifest.weights.map { (manifest, $0) } }
        .filter { name.contains(plain($0.1.tag)) }
      if let longest = tags.map({ plain($0.1.tag).count }).max() {
        let best = tags.filter { plain($0.1.tag).count == longest }
        // The same tag under several architectures says nothing by itself, unless they would run alike.
        if let first = best.first, best.allSatisfy({ $0.0.runsLike(first.0, as: $0.1, first.1) }) {
          return NameEvidence(manifest: first.0, weights: first.1, component: component)
        }
        // A resolution in the name of a big_vision file: webli_en_so400m_384.
        let sized = best.filter { digits(component).contains("\($0.0.architecture.vision?.image.height ?? 0)") }
        if sized.count == 1 { return NameEvidence(manifest: sized[0].0, weights: sized[0].1, component: component) }
      }
      if partial == nil, let named { partial = NameEvidence(manifest: named, weights: nil, component: component) }
    }
    return partial
  }

  private static func repository(_ name: String, _ component: String, _ candidates: [Manifest]) -> NameEvidence? {
    best(name, component, candidates) { weights in
      weights.repository.map { plain(splitPath($0).name) }
    }
  }

  private static func release(_ name: String, _ component: String, _ candidates: [Manifest]) -> NameEvidence? {
    best(name, component, candidates) { weights in weights.url.map { plain(stem(splitPath($0).name)) } }
  }

  private static func best(
    _ name: String, _ component: String, _ candidates: [Manifest], key: (PretrainedWeights) -> String?
  ) -> NameEvidence? {
    var found: (length: Int, evidence: NameEvidence)?
    for manifest in candidates {
      for weights in manifest.weights {
        guard let key = key(weights), key.count > 5, name.contains(key), key.count > found?.length ?? 0 else {
          continue
        }
        found = (key.count, NameEvidence(manifest: manifest, weights: weights, component: component))
      }
    }
    return found?.evidence
  }

  /// The file's name without its ending, then up to five folders.
  private static func components(_ path: String) -> [String] {
    var parts = path.split(separator: "/").map(String.init)
    guard let file = parts.popLast() else { return [] }
    return [stem(file)] + parts.suffix(5).reversed()
  }

  private static func digits(_ name: String) -> [String] {
    name.split { !$0.isNumber }.map(String.init)
  }
}

extension Manifest {
  /// True where both run the same computation with their weights, so that it does not matter which of the two is meant.
  func runsLike(_ other: Manifest, as weights: PretrainedWeights, _ otherWeights: PretrainedWeights) -> Bool {
    var mine = architecture.trained(as: weights), theirs = other.architecture.trained(as: otherWeights)
    (mine.name, mine.family) = ("", "")
    (theirs.name, theirs.family) = ("", "")
    return mine == theirs && weights.preprocessing == otherWeights.preprocessing
  }
}

/// Lower-case letters and digits alone.
func plain(_ name: String) -> String {
  String(
    name.lowercased().unicodeScalars.filter { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) }
      .map(Character.init))
}

/// A file's name without the endings of checkpoints.
func stem(_ file: String) -> String {
  var name = file
  for ending in [".index.json", ".safetensors", ".npz", ".bin", ".pth", ".pt", ".ckpt"] where name.hasSuffix(ending) {
    name.removeLast(ending.count)
  }
  // Shards without an index go by the first of them.
  if let number = name.firstMatch(of: /-[0-9]{5}-of-[0-9]{5}$/) { name.removeSubrange(number.range) }
  return name
}
