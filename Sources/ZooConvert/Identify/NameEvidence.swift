import ZooCheckpoints
import ZooModels

/// What the names of a file and its folders say about its model.
///
/// Names are compared word by word, where a word is a run of letters or of digits. A name identifies weights only if all of it is accounted for: it
/// is that of a published file or repository, or an architecture with one of its tags and otherwise only meaningless words
/// (`openclip`, `model`, `fp16`). With any other word it may be a fine-tune, and identifies only the architecture.
struct NameEvidence {
  let manifest: Manifest
  /// Nil if a name identifies the architecture but no tag.
  let weights: PretrainedWeights?
  /// The name that was found.
  let component: String
  /// Whether the name contains nothing but the architecture.
  var isExact = true

  /// Looks at the file's name, then at its folders, nearest first; only `candidates`, whose shapes fit, are considered.
  static func find(path: String, candidates: [Manifest]) -> NameEvidence? {
    var partial: NameEvidence?, folderTag: String?
    // A folder identifies the weights in a file only if the file has the name that hubs give, with nothing but a hub's own folders in between: what
    // training saves there may be a fine-tune.
    var isOwn = nameWords(nameComponents(path).first ?? "").allSatisfy(hubFile.contains)
    let components = nameComponents(path)
    for (depth, component) in components.enumerated() {
      let words = nameWords(component)
      // A commit in a hub's cache.
      if depth > 0, components.dropFirst(depth + 1).first == "snapshots" { continue }
      if words.allSatisfy(neutral.contains) || OwnName.isCommit(component) || hubFolders.contains(component) {
        continue
      }
      let tellsWeights = depth == 0 || isOwn
      if tellsWeights, folderTag == nil, let found = published(words, component, candidates) { return found }
      let found = architectures(words, component, candidates)
      if tellsWeights, folderTag == nil, let exact = found.first(where: { $0.weights != nil }) { return exact }
      // ARCHITECTURE/TAG/FILE, as in the model store.
      if tellsWeights, let folderTag, let manifest = found.first(where: \.isExact)?.manifest,
        let weights = manifest.weights.first(where: { nameWords($0.tag) == nameWords(folderTag) })
      {
        return NameEvidence(manifest: manifest, weights: weights, component: "\(component)/\(folderTag)")
      }
      if depth == 0, let tagged = tag(words, component, candidates) { return tagged }
      if partial == nil { partial = found.first?.architectureAlone }
      if depth > 0 {
        // A folder that names no model may be a tag inside its architecture's folder.
        isOwn = isOwn && folderTag == nil && found.isEmpty
        folderTag = component
      }
    }
    return partial
  }

  /// The evidence without a tag.
  private var architectureAlone: NameEvidence {
    NameEvidence(manifest: manifest, weights: nil, component: component, isExact: isExact && weights == nil)
  }

  /// Words that say nothing about the weights.
  private static let neutral: Set = [
    "open", "clip", "openclip", "model", "models", "pytorch", "weights", "checkpoint", "safetensors", "fp16", "fp32",
    "bf16", "f16", "f32", "fp", "bf", "f", "16", "32", "image", "vision", "visual", "text", "encoder", "tower", "only",
  ]

  /// Words in the names that hubs give to weights.
  private static let hubFile = neutral.subtracting(["checkpoint"])
  /// Folders in a hub's cache and URLs.
  private static let hubFolders: Set = ["snapshots", "resolve", "main"]

  /// The exact name of a repository or a released file.
  private static func published(_ words: [String], _ component: String, _ candidates: [Manifest]) -> NameEvidence? {
    // OpenAI's files are named by their architecture alone, as others may be.
    let plain = Set(candidates.map { nameWords($0.name) })
    for manifest in candidates {
      for weights in manifest.weights {
        let repositories = [weights.repository].compactMap(\.self) + weights.mirrors.map(\.repository)
        let file = weights.url.map { nameWords(stem(splitPath($0).name)) }.flatMap { plain.contains($0) ? nil : $0 }
        let names = repositories.map { nameWords(splitPath($0).name) } + [file].compactMap(\.self)
        if names.contains(words) { return NameEvidence(manifest: manifest, weights: weights, component: component) }
      }
    }
    return nil
  }

  /// The architectures whose names occur in a name, longest first, each with the tag that explains all of the rest.
  private static func architectures(
    _ words: [String], _ component: String, _ candidates: [Manifest]
  ) -> [NameEvidence] {
    candidates.compactMap { manifest -> (Int, NameEvidence)? in
      let name = nameWords(manifest.name)
      guard let rest = words.removing(name) else { return nil }
      let weights = manifest.weights.filter { weights in
        rest.removing(nameWords(weights.tag))?.allSatisfy(neutral.contains) == true
      }.max { nameWords($0.tag).count < nameWords($1.tag).count }
      let evidence = NameEvidence(
        manifest: manifest, weights: weights, component: component,
        isExact: weights != nil || rest.allSatisfy(neutral.contains))
      return (name.count, evidence)
    }.sorted { ($0.0, $0.1.isExact ? 1 : 0) > ($1.0, $1.1.isExact ? 1 : 0) }.map(\.1)
  }

  /// A tag alone as a file name, if all architectures that have it run alike, or as big_vision writes it: `webli_en_b16_224_63724782`.
  private static func tag(_ words: [String], _ component: String, _ candidates: [Manifest]) -> NameEvidence? {
    let tags = candidates.flatMap { manifest in manifest.weights.map { (manifest, $0) } }.filter { _, weights in
      guard let rest = words.removing(nameWords(weights.tag)) else { return false }
      return rest.allSatisfy { neutral.contains($0) || bigVision.contains($0) || $0.allSatisfy(\.isNumber) }
        && (words.first == "webli" || rest.allSatisfy(neutral.contains))
    }
    guard let first = tags.first else { return nil }
    if tags.allSatisfy({ $0.0.runsLike(first.0, as: $0.1, first.1) }) {
      return NameEvidence(manifest: first.0, weights: first.1, component: component)
    }
    let sized = tags.filter { words.contains("\($0.0.architecture.vision?.image.height ?? 0)") }
    return sized.count == 1 ? NameEvidence(manifest: sized[0].0, weights: sized[0].1, component: component) : nil
  }

  /// Words in the names of big_vision's files: languages and sizes.
  private static let bigVision: Set = ["en", "i", "n", "b", "l", "so", "m", "g"]
}

extension Manifest {
  /// Whether both run the same computation with their weights, so that it does not matter which of the two is meant.
  func runsLike(_ other: Manifest, as weights: PretrainedWeights, _ otherWeights: PretrainedWeights) -> Bool {
    var mine = architecture.trained(as: weights), theirs = other.architecture.trained(as: otherWeights)
    (mine.name, mine.family) = ("", .custom)
    (theirs.name, theirs.family) = ("", .custom)
    return mine == theirs && weights.preprocessing == otherWeights.preprocessing
  }
}

extension [String] {
  /// The words without the first consecutive occurrence of `others`; nil if there is none.
  fileprivate func removing(_ others: [String]) -> [String]? {
    guard !others.isEmpty, count >= others.count else { return nil }
    guard let start = (0...count - others.count).first(where: { Array(self[$0..<$0 + others.count]) == others }) else {
      return nil
    }
    return Array(self[..<start] + self[(start + others.count)...])
  }
}

/// The words of a name: runs of ASCII letters, in lower case, and runs of digits. `ViT-H-14` and `vit_h14` have the same words.
func nameWords(_ name: String) -> [String] {
  var words: [String] = [], last: Character?
  for character in name.lowercased() {
    defer { last = character }
    guard character.isASCII, character.isLetter || character.isNumber else { continue }
    if let last, last.isASCII, last.isLetter && character.isLetter || last.isNumber && character.isNumber,
      !words.isEmpty
    {
      words[words.count - 1].append(character)
    } else {
      words.append(String(character))
    }
  }
  return words
}

/// The file's name without its extension, then up to five folders, nearest first. For names in caches (`models--laion--CLIP-ViT-B-32`), only the last
/// part.
func nameComponents(_ path: String) -> [String] {
  var parts = path.split(separator: "/").map(String.init)
  guard let file = parts.popLast() else { return [] }
  return ([stem(file)] + parts.suffix(5).reversed()).map { part in
    guard let range = part.ranges(of: "--").last, range.upperBound < part.endIndex else { return part }
    return String(part[range.upperBound...])
  }
}

/// A file's name without the extensions of checkpoints.
func stem(_ file: String) -> String {
  var name = file
  // `model.safetensors.index.fp16.json`.
  if let index = name.firstMatch(of: /\.index(?:\.\w+)?\.json$/) { name.removeSubrange(index.range) }
  for ending in [".safetensors", ".npz", ".bin", ".pth", ".pt", ".ckpt"] where name.hasSuffix(ending) {
    name.removeLast(ending.count)
  }
  // Shards without an index are represented by the first.
  if let number = name.firstMatch(of: /-[0-9]{5}-of-[0-9]{5}$/) { name.removeSubrange(number.range) }
  return name
}
