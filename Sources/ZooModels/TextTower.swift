/// The text tower.
public struct TextTower: Codable, Sendable, Hashable {
  public var blocks: Blocks
  public var vocabulary: Int
  /// True where a token sees only those before it.
  public var causal: Bool
  public var pooling: TextPooling
  public var projection: Projection
  public var tokenizer: TokenizerSpec

  public init(
    blocks: Blocks, vocabulary: Int, causal: Bool, pooling: TextPooling, projection: Projection,
    tokenizer: TokenizerSpec
  ) {
    self.blocks = blocks
    self.vocabulary = vocabulary
    self.causal = causal
    self.pooling = pooling
    self.projection = projection
    self.tokenizer = tokenizer
  }

  /// Token ids in one prompt.
  public var contextLength: Int { tokenizer.contextLength }
  /// Rows of the position table: one more than the context where a class token is appended.
  public var positions: Int { contextLength + (pooling == .classToken ? 1 : 0) }
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
}

extension TextPooling: Codable {
  public init(from decoder: any Decoder) throws {
    let name = try decoder.singleValueContainer().decode(String.self)
    switch name {
    case "argmax": self = .argmax
    case "last": self = .last
    case "class_token": self = .classToken
    default:
      guard name.hasPrefix("eos:"), let id = Int(name.dropFirst(4)) else {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: decoder.codingPath,
            debugDescription: "'\(name)' is no text pooling: argmax, last, class_token or eos:ID"))
      }
      self = .endOfText(id: id)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .argmax: try container.encode("argmax")
    case .last: try container.encode("last")
    case .classToken: try container.encode("class_token")
    case .endOfText(let id): try container.encode("eos:\(id)")
    }
  }
}
