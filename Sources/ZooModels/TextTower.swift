/// The text tower.
public struct TextTower: Codable, Sendable, Hashable {
  public var blocks: Blocks
  public var vocabulary: Int
  /// True where a token sees only those before it.
  public var causal: Bool
  /// True where tokens see no padding: a prompt is run on its other tokens alone.
  public var hidesPadding: Bool
  /// How token ids become rows; nil for CLIP's way, a position table of one row per token.
  public var embedding: TextEmbedding?
  public var pooling: TextPooling
  public var projection: Projection
  public var tokenizer: TokenizerSpec

  public init(
    blocks: Blocks, vocabulary: Int, causal: Bool, hidesPadding: Bool = false, embedding: TextEmbedding? = nil,
    pooling: TextPooling, projection: Projection, tokenizer: TokenizerSpec
  ) {
    self.blocks = blocks
    self.vocabulary = vocabulary
    self.causal = causal
    self.hidesPadding = hidesPadding
    self.embedding = embedding
    self.pooling = pooling
    self.projection = projection
    self.tokenizer = tokenizer
  }

  /// Token ids in one prompt.
  public var contextLength: Int { tokenizer.contextLength }
  /// Rows of the position table: one more than the context where a class token is appended. None where positions are computed.
  public var positions: Int {
    guard let embedding else { return contextLength + (pooling == .classToken ? 1 : 0) }
    return embedding.positions
  }
  /// The norm of the sums stands in for a norm after the blocks.
  public var hasFinalNorm: Bool { !blocks.sumNorm }

  /// The position of a prompt's token, as the position table counts; `place` counts the tokens that are not hidden padding.
  public func position(ofToken index: Int, at place: Int) -> Int {
    embedding?.skipsPadding == true ? tokenizer.padID + 1 + place : index
  }
}

/// How the token ids of a text tower that is not CLIP's own become the rows that the blocks see: tokens, positions, and what is done to
/// their sum.
public struct TextEmbedding: Codable, Sendable, Hashable {
  /// Rows of the learned position table; 0 where there is none.
  public var positions: Int
  /// True where positions are sines and cosines (M2M-100).
  public var sinusoidal: Bool
  /// True where positions count the tokens that are not padding, from the padding's id plus one on (RoBERTa, M2M-100).
  public var skipsPadding: Bool
  /// Rows of the table of token types, of which the first is added to every token; 0 where there is none.
  public var tokenTypes: Int
  /// True where a norm follows the sum.
  public var norm: Bool
  /// True where tokens are multiplied by the root of the width.
  public var scaled: Bool

  public init(
    positions: Int, sinusoidal: Bool = false, skipsPadding: Bool = false, tokenTypes: Int = 0, norm: Bool = false,
    scaled: Bool = false
  ) {
    self.positions = positions
    self.sinusoidal = sinusoidal
    self.skipsPadding = skipsPadding
    self.tokenTypes = tokenTypes
    self.norm = norm
    self.scaled = scaled
  }
}

extension TextEmbedding {
  /// Everything but `positions` may be left out.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      positions: try values.decode(Int.self, forKey: .positions),
      sinusoidal: try values.decode(Bool.self, forKey: .sinusoidal),
      skipsPadding: try values.decode(Bool.self, forKey: .skipsPadding),
      tokenTypes: try values.decodeIfPresent(Int.self, forKey: .tokenTypes) ?? 0,
      norm: try values.decode(Bool.self, forKey: .norm), scaled: try values.decode(Bool.self, forKey: .scaled))
  }
}

/// Which text token stands for the prompt.
public enum TextPooling: Sendable, Hashable {
  /// The first token with the largest id, which is CLIP's end of text.
  case argmax
  /// The first token with this id.
  case endOfText(id: Int)
  /// The last position of the context, padding or not.
  case last
  /// A class token appended to the prompt (CoCa), masked as its training did.
  case classToken
  /// The first token of the prompt.
  case first
  /// The mean of all tokens that are not padding.
  case mean
  /// The attention of a learned query to all tokens that are not padding (open_clip's ModernText).
  case attention
}

extension TextPooling: CustomStringConvertible {
  /// The name in manifests.
  public var description: String {
    switch self {
    case .argmax: "argmax"
    case .last: "last"
    case .classToken: "class_token"
    case .first: "first"
    case .mean: "mean"
    case .attention: "attention"
    case .endOfText(let id): "eos:\(id)"
    }
  }
}

extension TextPooling: Codable {
  public init(from decoder: any Decoder) throws {
    let name = try decoder.singleValueContainer().decode(String.self)
    switch name {
    case "argmax": self = .argmax
    case "last": self = .last
    case "class_token": self = .classToken
    case "first": self = .first
    case "mean": self = .mean
    case "attention": self = .attention
    default:
      guard name.hasPrefix("eos:"), let id = Int(name.dropFirst(4)) else {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: decoder.codingPath,
            debugDescription:
              "'\(name)' is no text pooling: argmax, last, class_token, first, mean, attention or eos:ID"))
      }
      self = .endOfText(id: id)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
