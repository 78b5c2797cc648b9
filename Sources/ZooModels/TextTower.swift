/// The text tower.
public struct TextTower: Codable, Sendable, Hashable {
  /// The transformer blocks.
  public var blocks: Blocks
  /// Rows of the token table.
  public var vocabulary: Int
  /// True where a token sees only those before it.
  package var causal: Bool
  /// True where tokens see no padding: a prompt is run on its other tokens alone.
  package var hidesPadding: Bool
  /// How token ids become rows; nil for CLIP's way, a position table of one row per token.
  package var embedding: TextEmbedding?
  package var pooling: TextPooling
  package var projection: Projection
  package var tokenizer: TokenizerSpec

  package init(
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
  package var positions: Int {
    guard let embedding else { return contextLength + (pooling == .classToken ? 1 : 0) }
    return embedding.positions
  }
  /// The norm of the sums stands in for a norm after the blocks.
  package var hasFinalNorm: Bool { !blocks.sumNorm }

  /// The position of a prompt's token, as the position table counts; `place` counts the tokens that are not hidden padding.
  package func position(ofToken index: Int, at place: Int) -> Int {
    embedding?.skipsPadding == true ? tokenizer.padID + 1 + place : index
  }
}

/// How the token ids of a text tower that is not CLIP's own become the rows that the blocks see: tokens, positions, and what is done to
/// their sum.
package struct TextEmbedding: Codable, Sendable, Hashable {
  /// Rows of the learned position table; 0 where there is none.
  package var positions: Int
  /// True where positions are sines and cosines (M2M-100).
  package var sinusoidal: Bool
  /// True where positions count the tokens that are not padding, from the padding's id plus one on (RoBERTa, M2M-100).
  package var skipsPadding: Bool
  /// Rows of the table of token types, of which the first is added to every token; 0 where there is none.
  package var tokenTypes: Int
  /// True where a norm follows the sum.
  package var norm: Bool
  /// True where tokens are multiplied by the root of the width.
  package var scaled: Bool

  package init(
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
  package init(from decoder: any Decoder) throws {
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
package enum TextPooling: Sendable, Hashable {
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
  package var description: String {
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
  package init(from decoder: any Decoder) throws {
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
              "'\(name)' is not a text pooling: write argmax, last, class_token, first, mean, attention or eos:ID"))
      }
      self = .endOfText(id: id)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
