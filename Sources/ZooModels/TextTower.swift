/// The text tower.
public struct TextTower: Codable, Sendable, Hashable {
  /// The transformer blocks.
  public var blocks: Blocks
  /// The number of rows of the token table.
  public var vocabulary: Int
  /// Whether a token attends only to itself and the tokens before it.
  package var causal: Bool
  /// Whether padding is masked: a prompt is run on its other tokens alone.
  package var hidesPadding: Bool
  /// How token ids become rows; nil for CLIP's way, a position table with one row per token.
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

  /// The number of token ids in a prompt.
  public var contextLength: Int { tokenizer.contextLength }
  /// Rows of the position table: one more than the context if a class token is appended. None if positions are computed.
  package var positions: Int {
    guard let embedding else { return contextLength + (pooling == .classToken ? 1 : 0) }
    return embedding.positions
  }
  /// The norms after each sum make a norm after the blocks unnecessary.
  package var hasFinalNorm: Bool { !blocks.sumNorm }

  /// The row of the position table for a prompt's token; `place` counts only the tokens that are not masked padding.
  package func position(ofToken index: Int, at place: Int) -> Int {
    embedding?.skipsPadding == true ? tokenizer.padID + 1 + place : index
  }
}

/// How the token ids of a text tower other than CLIP's become the input of the blocks: tokens, positions, and what is done to their sum.
package struct TextEmbedding: Codable, Sendable, Hashable {
  /// Rows of the learned position table; 0 if there is none.
  package var positions: Int
  /// Whether positions are sines and cosines (M2M-100).
  package var sinusoidal: Bool
  /// Whether positions count only the tokens that are not padding, starting at the padding id plus one (RoBERTa, M2M-100).
  package var skipsPadding: Bool
  /// Rows of the token type table, of which the first is added to every token; 0 if there is none.
  package var tokenTypes: Int
  /// Whether a norm follows the sum.
  package var norm: Bool
  /// Whether tokens are multiplied by the square root of the width.
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
  /// Everything but `positions` may be omitted.
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

/// Which text token represents the prompt.
package enum TextPooling: Sendable, Hashable {
  /// The first token with the largest id, which is CLIP's end-of-text token.
  case argmax
  /// The first token with this id.
  case endOfText(id: Int)
  /// The last position of the context, padding or not.
  case last
  /// A class token appended to the prompt (CoCa), masked as in training.
  case classToken
  /// The first token of the prompt.
  case first
  /// The mean of all tokens that are not padding.
  case mean
  /// Attention of a learned query to all tokens that are not padding (open_clip's ModernText).
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
