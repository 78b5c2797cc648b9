import ZooModels

/// The way an ecosystem names and stores the tensors of a model.
///
/// For each canonical tensor, a layout says what it is made from. Every source tensor it does not use must match one of its drop rules.
public struct CheckpointLayout: Sendable {
  /// The project whose code writes checkpoints in the layout.
  enum Source: Sendable, Hashable {
    case openCLIP, transformers(TransformersModel), timm, google
    /// The code that published the model.
    case original

    enum TransformersModel: Sendable { case clip, siglip, siglip2, tipsv2, vit, dinov2 }

    var isSigLIP: Bool { self == .transformers(.siglip) || self == .transformers(.siglip2) }
  }

  let source: Source
  /// The name in `model.json` and on the command line: `openclip`, `transformers-clip`, ...
  public let name: String
  /// A description in words.
  public let title: String
  /// The part of a model that has these keys.
  public let part: ModelPart
  let fingerprint: Fingerprint
  /// The rules for unused tensors of a checkpoint.
  let drops: @Sendable (Headers) -> [DropRule]
  /// Nil if the layout has no such tensor.
  let expression: @Sendable (Target) -> TensorExpression?
  /// The dimensions that the shapes reveal.
  let measure: @Sendable (Headers) -> ArchitectureFacts
  /// How the layout's ecosystem resamples positions; nil if that depends on the image tower (open_clip and timm).
  let resampling: PositionResampling?
  /// How the layout's ecosystem turns pictures into numbers; Hugging Face's is the one with its own way of resampling positions.
  let convention: Preprocessing.Convention

  /// A note for everyone who converts such a file.
  let note: String?

  init(
    _ source: Source, name: String, title: String, part: ModelPart = .whole, fingerprint: Fingerprint,
    resampling: PositionResampling? = nil, convention: Preprocessing.Convention? = nil,
    note: String? = nil,
    drops: @escaping @Sendable (Headers) -> [DropRule],
    measure: @escaping @Sendable (Headers) -> ArchitectureFacts,
    expression: @escaping @Sendable (Target) -> TensorExpression?
  ) {
    self.source = source
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

  /// The tensors that a model of this architecture has in this layout, in its default spelling.
  package func sourceTensors(of architecture: Architecture) -> [TensorSpec] {
    var seen: Set<String> = []
    return architecture.tensors.flatMap { spec -> [TensorSpec] in
      let target = Target(
        name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: Headers([]))
      return (expression(target)?.sources ?? []).map { TensorSpec(name: $0.name, shape: $0.shape) }
    }.filter { seen.insert($0.name).inserted }
  }

  /// Whether this layout has every tensor of the architecture.
  package func holds(_ architecture: Architecture) -> Bool {
    architecture.tensors.allSatisfy { spec in
      expression(
        Target(name: CanonicalName(spec.name), shape: spec.shape, architecture: architecture, headers: Headers([])))
        != nil
    }
  }

  /// Why this layout is not that of a checkpoint; empty if it is.
  package func mismatches(_ headers: Headers) -> [String] { fingerprint.mismatches(headers) }

  /// All layouts, in the order in which they are documented.
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

  /// The layout with this name, such as `openclip`; nil if there is none.
  public static func named(_ name: String) -> CheckpointLayout? { all.first { $0.name == name } }
}

/// A layout is identified by its name: there is only one of each.
extension CheckpointLayout: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.name == b.name }
}

/// Keys that identify a layout: all of `needs`, none of `forbids` and, if names are ambiguous, numbers of axes.
struct Fingerprint: Sendable {
  /// Each inner list holds alternatives, such as the spellings with and without a prefix.
  var needs: [[String]]
  var forbids: [String] = []
  /// The number of axes of a tensor, if it is there.
  var ranks: [String: Int] = [:]
  /// Prefixes that no key may have.
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

/// Source tensors that are left out, and the reason.
package struct DropRule: Sendable, Hashable {
  /// A name in which `*` stands for any characters; after `not`, all names except these.
  package let pattern: String
  package let reason: String
  /// If set, only integers are dropped: a weight with this name is a problem.
  package let integersOnly: Bool
  /// If set, only 0, 1, 2 and so on are dropped, of any element type: a model with other indices computes something else.
  package let countingOnly: Bool
  private let isOutside: Bool

  init(_ pattern: String, _ reason: String, integersOnly: Bool = false, countingOnly: Bool = false) {
    self.pattern = pattern
    self.reason = reason
    self.integersOnly = integersOnly
    self.countingOnly = countingOnly
    isOutside = false
  }

  /// Everything without a given prefix.
  init(outside prefix: String, _ reason: String) {
    pattern = "not \(prefix)*"
    self.reason = reason
    (integersOnly, countingOnly) = (false, false)
    isOutside = true
  }

  func applies(to entry: Headers.Entry) -> Bool {
    (!integersOnly || entry.dtype.isInteger) && (!countingOnly || entry.isCounting) && covers(entry.name)
  }

  /// Whether the rule applies to a name, whatever the tensor holds.
  func covers(_ name: String) -> Bool {
    isOutside ? !matches(String(pattern.dropFirst(4)), name) : matches(pattern, name)
  }

  static let positionIDs = DropRule("*position_ids", "the indices 0, 1, 2 and so on", countingOnly: true)
  static let rotaryTables = "tables of the rotary embedding, which the runtime builds itself"
  static let batchCounter = DropRule("*.num_batches_tracked", "a counter of the training", integersOnly: true)
  static let attentionMask = DropRule("*attn_mask", "the causal mask, which the runtime builds itself")
}

/// Whether `name` matches `pattern`, in which `*` stands for any characters.
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
