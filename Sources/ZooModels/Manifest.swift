import Foundation
import ZooTensors

/// One architecture with the weights that were trained for it: a file of `Manifests/models`.
public struct Manifest: Codable, Sendable, Hashable {
  public var architecture: Architecture
  public var weights: [PretrainedWeights]

  public init(architecture: Architecture, weights: [PretrainedWeights]) {
    self.architecture = architecture
    self.weights = weights
  }

  /// Reads a manifest file's text; throws a `ManifestError` that names the file and the field.
  public init(json: Data, file: String) throws {
    do {
      self = try manifestDecoder().decode(Manifest.self, from: json)
    } catch let error as DecodingError {
      throw ManifestError.unreadable(file: file, reason: plainReason(of: error))
    }
    try architecture.validate(file: file)
    for weights in weights { try weights.validate(file: file) }
  }

  public var name: String { architecture.name }
}

/// One set of trained weights: what the tensors of an architecture cannot say about themselves.
public struct PretrainedWeights: Codable, Sendable, Hashable {
  /// The field's tag, such as `laion2b_s32b_b79k`.
  public var tag: String
  /// The activation that the weights were trained with, where it differs from the architecture's.
  public var activation: TowerActivations?
  public var preprocessing: Preprocessing
  /// Hub repository, such as `laion/CLIP-ViT-H-14-laion2B-s32B-b79K`.
  public var repository: String?
  /// Files of the repository, best first.
  public var files: [String]
  /// A file outside the hub.
  public var url: String?
  /// First digits of that file's SHA-256.
  public var sha256Prefix: String?
  public var license: String?
  /// What a user should know, such as a configuration that disagrees with the training.
  public var note: String?

  public init(tag: String, preprocessing: Preprocessing) {
    self.tag = tag
    self.preprocessing = preprocessing
    files = []
  }
}

extension PretrainedWeights {
  /// Refuses names that would lead elsewhere as paths.
  fileprivate func validate(file: String) throws(ManifestError) {
    guard (try? PlainName(tag)) != nil else {
      throw .impossible(file: file, field: "weights.tag", reason: NameError.rule)
    }
    let isInside = files.allSatisfy { path in
      path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPlainFileName)
    }
    guard isInside else {
      throw .impossible(file: file, field: "weights.files of '\(tag)'", reason: "must be names in the repository")
    }
  }
}

/// The activation of each tower that is there.
public struct TowerActivations: Codable, Sendable, Hashable {
  public var vision: Activation?
  public var text: Activation?

  public init(vision: Activation?, text: Activation?) {
    self.vision = vision
    self.text = text
  }
}

extension Architecture {
  /// The architecture as these weights were trained.
  public func trained(as weights: PretrainedWeights) -> Architecture {
    weights.activation.map(with) ?? self
  }

  /// The architecture with other activations; a pooler's MLP follows the image tower.
  public func with(_ activations: TowerActivations) -> Architecture {
    var copy = self
    if let vision, let activation = activations.vision {
      if !vision.blocks.gated { copy.vision?.blocks.activation = activation }
      if case .attention(let heads, let mlpWidth, _) = vision.pooler {
        copy.vision?.pooler = .attention(heads: heads, mlpWidth: mlpWidth, activation: activation)
      }
    }
    if let text = activations.text { copy.text?.blocks.activation = text }
    return copy
  }

  /// The activations of both towers.
  public var activations: TowerActivations {
    TowerActivations(vision: vision?.blocks.activation, text: text?.blocks.activation)
  }
}

/// Why a manifest cannot be used.
public enum ManifestError: ZooError, Equatable {
  case unreadable(file: String, reason: String)
  case impossible(file: String, field: String, reason: String)
  case duplicate(name: String, file: String)

  public var blame: Blame { .input }

  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) is not a manifest: \(reason)"
    case .impossible(let file, let field, let reason): "\(file): \(field) \(reason)"
    case .duplicate(let name, let file): "\(file) registers '\(name)', which another manifest of the same rank has"
    }
  }
}

extension Architecture {
  /// Refuses dimensions that no model can have, so that nothing later divides by zero or overflows.
  public func validate(file: String) throws(ManifestError) {
    func check(_ field: String, _ holds: Bool, _ reason: String) throws(ManifestError) {
      if !holds { throw .impossible(file: file, field: field, reason: reason) }
    }
    func check(_ name: String, _ blocks: Blocks) throws(ManifestError) {
      let sides = [
        ("width", blocks.width), ("layers", blocks.layers), ("heads", blocks.heads), ("mlp_width", blocks.mlpWidth),
      ]
      for (field, value) in sides {
        let inRange = (1...1_000_000).contains(value)
        try check("\(name).blocks.\(field)", inRange, "must be between 1 and 1000000, not \(value)")
      }
      try check(
        "\(name).blocks.heads", blocks.width % blocks.heads == 0,
        "must divide the width: \(blocks.width) is no multiple of \(blocks.heads)")
      try check(
        "\(name).blocks.rope", blocks.rope == nil || blocks.headWidth % 4 == 0,
        "needs a head width that is a multiple of 4, not \(blocks.headWidth)")
      try check("\(name).blocks.norm_eps", blocks.normEps >= 0 && blocks.normEps < 1, "must lie in 0..<1")
    }
    try check("architecture.name", (try? PlainName(name)) != nil, NameError.rule)
    try check("architecture.embedding", (1...1_000_000).contains(embedding), "must be between 1 and 1000000")
    if unsupported != nil { return }
    let towers =
      switch part {
      case .whole: vision != nil && text != nil
      case .imageTower, .classifier: vision != nil && text == nil
      case .textTower: vision == nil && text != nil
      }
    try check("architecture.part", towers, "is \(part.rawValue), which is not what its towers are")
    if let vision {
      try check("vision", vision.blocks)
      try check("vision.patch", (1...10_000).contains(vision.patch), "must be between 1 and 10000")
      if let stem = vision.stem {
        try check("vision.stem.width", (1...1_000_000).contains(stem.width), "must be between 1 and 1000000")
        try check(
          "vision.stem.kernels", stem.fits(patch: vision.patch), "must be two or more whose product is the patch")
      }
      try check(
        "vision.image",
        min(vision.image.height, vision.image.width) >= vision.patch
          && max(vision.image.height, vision.image.width) <= 100_000,
        "must hold at least one patch and be at most 100000"
      )
      if case .coca(let heads, let queries, let width) = vision.pooler {
        try check(
          "vision.pooler", heads > 0 && queries > 0 && width > 0 && width % heads == 0, "has impossible dimensions")
      }
      if case .attention(let heads, let mlpWidth, _) = vision.pooler {
        try check(
          "vision.pooler", heads > 0 && mlpWidth > 0 && vision.blocks.width % heads == 0, "has impossible dimensions")
      }
    }
    guard let text else { return }
    try check("text", text.blocks)
    try check("text.blocks.rope", text.blocks.rope == nil, "has no grid to rotate by")
    try check(
      "text.tokenizer.context_length", (1...100_000).contains(text.contextLength), "must be between 1 and 100000")
    try check("text.vocabulary", (1...100_000_000).contains(text.vocabulary), "must be between 1 and 100000000")
  }
}
