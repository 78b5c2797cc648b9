/// How the tokens of the last block are combined into one vector.
public enum Pooler: Sendable, Hashable {
  /// The class token, normalised.
  case classToken
  /// The mean of all tokens, followed by the norm.
  case tokenMean
  /// The mean of the patch tokens; `normFirst` tells whether the norm comes before the mean.
  case patchMean(normFirst: Bool)
  /// The maximum of each channel over the patch tokens; with `withMean`, the average of the maximum and the mean.
  case patchMax(withMean: Bool, normFirst: Bool)
  /// The normalised class token concatenated with the mean of the normalised patches: twice the width (DINOv2's classifiers).
  case classAndPatchMean
  /// SigLIP's attention pooler: the norm, attention of one learned query to all tokens, then a residual MLP.
  case attention(heads: Int, mlpWidth: Int, activation: Activation)
  /// CoCa's attention pooler: `queries` learned queries of `width`, of which only the first is used, then the norm.
  case coca(heads: Int, queries: Int, width: Int)
  /// The attention pool of CLIP's ResNets: the mean of the patches, placed before them, is the query for all tokens.
  case meanQuery(heads: Int)

  /// The name in manifests and tables.
  package var name: String {
    switch self {
    case .classToken: "class_token"
    case .tokenMean: "token_mean"
    case .patchMean: "patch_mean"
    case .patchMax(let withMean, _): withMean ? "patch_avgmax" : "patch_max"
    case .classAndPatchMean: "class_and_patch_mean"
    case .attention: "attention"
    case .coca: "coca"
    case .meanQuery: "mean_query"
    }
  }

  /// Whether tokens other than the class token are pooled before the final norm.
  package var normFollows: Bool {
    switch self {
    case .patchMean(let normFirst), .patchMax(_, let normFirst): !normFirst
    case .tokenMean: true
    case .classToken, .classAndPatchMean, .attention, .coca, .meanQuery: false
    }
  }

  /// Whether the first token is the mean of the patches.
  package var isMeanQuery: Bool { if case .meanQuery = self { true } else { false } }
}

extension Pooler: Codable {
  private enum Key: String, CodingKey { case type, heads, mlpWidth, activation, queries, width, normFirst }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func normFirst() throws -> Bool { try values.decodeIfPresent(Bool.self, forKey: .normFirst) ?? false }
    let type = try values.decode(String.self, forKey: .type)
    switch type {
    case "class_token": self = .classToken
    case "token_mean": self = .tokenMean
    case "patch_mean": self = .patchMean(normFirst: try normFirst())
    case "patch_max", "patch_avgmax":
      self = .patchMax(withMean: type == "patch_avgmax", normFirst: try normFirst())
    case "class_and_patch_mean": self = .classAndPatchMean
    case "attention":
      self = .attention(
        heads: try values.decode(Int.self, forKey: .heads), mlpWidth: try values.decode(Int.self, forKey: .mlpWidth),
        activation: try values.decode(Activation.self, forKey: .activation))
    case "coca":
      self = .coca(
        heads: try values.decode(Int.self, forKey: .heads), queries: try values.decode(Int.self, forKey: .queries),
        width: try values.decode(Int.self, forKey: .width))
    case "mean_query": self = .meanQuery(heads: try values.decode(Int.self, forKey: .heads))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: values,
        debugDescription: "'\(other)' is not a pooler: class_token, token_mean, patch_mean, patch_max, patch_avgmax, "
          + "class_and_patch_mean, attention, coca or mean_query")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .type)
    switch self {
    case .classToken, .tokenMean, .classAndPatchMean: break
    case .patchMean(let normFirst), .patchMax(_, let normFirst):
      if normFirst { try values.encode(true, forKey: .normFirst) }
    case .attention(let heads, let mlpWidth, let activation):
      try values.encode(heads, forKey: .heads)
      try values.encode(mlpWidth, forKey: .mlpWidth)
      try values.encode(activation, forKey: .activation)
    case .coca(let heads, let queries, let width):
      try values.encode(heads, forKey: .heads)
      try values.encode(queries, forKey: .queries)
      try values.encode(width, forKey: .width)
    case .meanQuery(let heads): try values.encode(heads, forKey: .heads)
    }
  }
}
