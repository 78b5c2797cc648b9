import ZooModels

/// A way in which an ecosystem names and stores the tensors of a model.
///
/// A layout answers one question, top-down: from what is this canonical tensor made? What it leaves over must be named by one of its drop rules.
public struct CheckpointLayout: Sendable {
  /// The name in `model.json` and on the command line: `openclip`, `transformers-clip`, ...
  public let name: String
  /// What it is, in words.
  public let title: String
  /// Which part of a model has these keys.
  public let part: ModelPart
  let fingerprint: Fingerprint
  /// The rules for what is left over in a checkpoint.
  let drops: @Sendable (Headers) -> [DropRule]
  /// Nil where the layout has no such tensor.
  let expression: @Sendable (Target) -> TensorExpression?
  /// The dimensions that the shapes show.
  let measure: @Sendable (Headers) -> ArchitectureFacts
  /// How the layout's ecosystem resamples positions; nil where the image tower decides (open_clip and timm).
  let resampling: PositionResampling?
  /// How the layout's ecosystem turns pictures into numbers; Hugging Face's is the one that resamples positions its own way.
  let convention: Preprocessing.Convention

  /// A sentence for everyone who converts such a file.
  let note: String?

  init(
    name: String, title: String, part: ModelPart = .whole, fingerprint: Fingerprint,
    resampling: PositionResampling? = nil, convention: Preprocessing.Convention? = nil,
    note: String? = nil,
    drops: @escaping @Sendable (Headers) -> [DropRule],
    measure: @escaping @Sendable (Headers) -> ArchitectureFacts,
    expression: @escaping @Sendable (Target) -> TensorExpression?
  ) {
    self.name = name
    self.title = title
    self.part = part
    self.fingerprint = fingerprint
    self.resampling = resampling
    self.note = note
    self.convention =
      convention ?? (resampling == .bicubic || resampling == .bilinearAntialias ? .transformers : .openCLIP)
    self.drops = drops
    self.measure = measure
    self.expression = expression
  }

  /// The tensors that a model of this architecture has in this layout, by the layout's default spelling.
  package func sourceTensors(of architecture: Architecture) -> [TensorSpec] {
    var seen: Set<String> = []
    return architecture.tensors.flatMap { spec -> [TensorSpec] in
      let target = Target(
        name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: Headers([]))
      return (expression(target)?.sources ?? []).map { TensorSpec(name: $0.name, shape: $0.shape) }
    }.filter { seen.insert($0.name).inserted }
  }

  /// True where this layout has every tensor of the architecture.
  package func holds(_ architecture: Architecture) -> Bool {
    architecture.tensors.allSatisfy { spec in
      expression(
        Target(name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: Headers([])))
        != nil
    }
  }

  /// Why this layout is not the one of a checkpoint; empty if it is.
  package func mismatches(_ headers: Headers) -> [String] { fingerprint.mismatches(headers) }

  /// All layouts, in the order in which they are explained.
  public static let all: [CheckpointLayout] = [
    .openCLIP, .openCLIPText, .openCLIPCoCa, .openCLIPTrunk, .openCLIPHuggingFace, .openCLIPTrunkHuggingFace,
    .openCLIPModern, .openCLIPTrunkModern,
    .perceptionEncoder, .evaCLIP, .mobileCLIP,
    .transformersCLIP, .transformersSigLIP, .transformersSigLIP2, .bigVision, .timmClassifier, .googleClassifier,
    .openCLIPImage, .openCLIPTrunkImage, .openCLIPTextTower, .transformersCLIPImage, .transformersCLIPTextTower,
    .transformersSigLIPImage, .transformersSigLIP2Image, .transformersSigLIPTextTower, .timmImage,
    .bareCLIPImage, .bareCLIPTextTower, .bareSigLIPImage, .bareSigLIP2Image, .bareSigLIPTextTower,
    .transformersTIPSv2, .transformersViT, .transformersDINOv2, .transformersDINOv2Registers,
    .transformersCLIPClassifier, .timmResNetImage,
  ]

  /// The layout of this name, such as `openclip`; nil if there is none.
  public static func named(_ name: String) -> CheckpointLayout? { all.first { $0.name == name } }
}

/// A layout is its name: there is one of each.
extension CheckpointLayout: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.name == b.name }
}

/// Keys that tell a layout: all of `needs`, none of `forbids`; and, where names are alike, numbers of axes.
struct Fingerprint: Sendable {
  /// Each inner list holds alternatives, such as the spellings with and without a prefix.
  var needs: [[String]]
  var forbids: [String] = []
  /// How many axes a tensor has, if it is there.
  var ranks: [String: Int] = [:]
  /// What no key starts with.
  var forbidsPrefixes: [String] = []

  func mismatches(_ headers: Headers) -> [String] {
    needs.filter { !$0.contains(where: headers.contains) }.map { "there is no '\($0[0])'" }
      + forbids.filter(headers.contains).map { "there is a '\($0)'" }
      + ranks.compactMap { name, rank in
        guard let found = headers[name]?.shape, found.count != rank else { return nil }
        return "'\(name)' is \(shapeText(found)), which is not a tensor of \(rank) axes"
      }
      + forbidsPrefixes.compactMap { prefix in headers.entries.first { $0.name.hasPrefix(prefix) } }
      .map { "there is a '\($0.name)'" }
  }
}

/// Source tensors that are left out, by a rule with a reason.
package struct DropRule: Sendable, Hashable {
  /// A name in which `*` stands for any characters; after `not`, all names but these.
  package let pattern: String
  package let reason: String
  /// Where set, only whole numbers are dropped: a weight under this name is a problem.
  package let integersOnly: Bool
  /// Where set, only 0, 1, 2 and so on are dropped, of any element type: a model with other indices computes something else.
  package let countingOnly: Bool
  private let isOutside: Bool

  init(_ pattern: String, _ reason: String, integersOnly: Bool = false, countingOnly: Bool = false) {
    self.pattern = pattern
    self.reason = reason
    self.integersOnly = integersOnly
    self.countingOnly = countingOnly
    isOutside = false
  }

  /// Everything that does not start with a prefix.
  init(outside prefix: String, _ reason: String) {
    pattern = "not \(prefix)*"
    self.reason = reason
    (integersOnly, countingOnly) = (false, false)
    isOutside = true
  }

  func applies(to entry: Headers.Entry) -> Bool {
    (!integersOnly || entry.dtype.isInteger) && (!countingOnly || entry.isCounting) && covers(entry.name)
  }

  /// True for a name that the rule is about, whatever the tensor holds.
  func covers(_ name: String) -> Bool {
    isOutside ? !matches(String(pattern.dropFirst(4)), name) : matches(pattern, name)
  }

  static let positionIDs = DropRule("*position_ids", "the indices 0, 1, 2 and so on", countingOnly: true)
  static let rotaryTables = "tables of the rotary embedding, which the runtime builds itself"
  static let batchCounter = DropRule("*.num_batches_tracked", "a counter of the training", integersOnly: true)
  static let attentionMask = DropRule("*attn_mask", "the causal mask, which the runtime builds itself")
}

/// True if `name` is `pattern`, in which `*` stands for any characters.
func matches(_ pattern: String, _ name: String) -> Bool {
  var rest = Array(name.utf8)[...]
  let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
  guard let first = parts.first, rest.starts(with: first) else { return false }
  rest = rest.dropFirst(first.count)
  if parts.count == 1 { return rest.isEmpty }
  for part in parts.dropFirst().dropLast() {
    guard let start = rest.indices.first(where: { rest[$0...].starts(with: part) }) else { return false }
    rest = rest[(start + part.count)...]
  }
  return rest.reversed().starts(with: parts[parts.count - 1].reversed())
}
