/// How the tokens of the last block become one vector.
public enum Pooler: Sendable, Hashable {
  /// The class token, normalised.
  case classToken
  /// The mean of all tokens, then the norm.
  case tokenMean
  /// The mean of the patch tokens; `normFirst` tells whether the norm comes before the mean.
  case patchMean(normFirst: Bool)
  /// SigLIP's attention pooler: the norm, one learned query over all tokens, then a residual MLP.
  case attention(heads: Int, mlpWidth: Int, activation: Activation)
  /// CoCa's attention pooler: `queries` learned queries of `width`, of which the first counts, then the norm.
  case coca(heads: Int, queries: Int, width: Int)

  /// The name in manifests and tables.
  public var name: String {
    switch self {
    case .classToken: "class_token"
    case .tokenMean: "token_mean"
    case .patchMean: "patch_mean"
    case .attention: "attention"
    case .coca: "coca"
    }
  }
}

extension Pooler: Codable {
  private enum Key: String, CodingKey { case type, heads, mlpWidth, activation, queries, width, normFirst }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    switch try values.decode(String.self, forKey: .type) {
    case "class_token": self = .classToken
    case "token_mean": self = .tokenMean
    case "patch_mean": self = .patchMean(normFirst: try values.decodeIfPresent(Bool.self, forKey: .normFirst) ?? false)
    case "attention":
      self = .attention(
        heads: try values.decode(Int.self, forKey: .heads), mlpWidth: try values.decode(Int.self, forKey: .mlpWidth),
        activation: try values.decode(Activation.self, forKey: .activation))
    case "coca":
      self = .coca(
        heads: try values.decode(Int.self, forKey: .heads), queries: try values.decode(Int.self, forKey: .queries),
        width: try values.decode(Int.self, forKey: .width))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: values,
        debugDescription: "'\(other)' is no pooler: class_token, token_mean, patch_mean, attention or coca")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .type)
    switch self {
    case .classToken, .tokenMean: break
    case .patchMean(let normFirst): if normFirst { try values.encode(true, forKey: .normFirst) }
    case .attention(let heads, let mlpWidth, let activation):
      try values.encode(heads, forKey: .heads)
      try values.encode(mlpWidth, forKey: .mlpWidth)
      try values.encode(activation, forKey: .activation)
    case .coca(let heads, let queries, let width):
      try values.encode(heads, forKey: .heads)
      try values.encode(queries, forKey: .queries)
      try values.encode(width, forKey: .width)
    }
  }
}
