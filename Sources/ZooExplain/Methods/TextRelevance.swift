import ZooModels
import ZooRuntime
import ZooText

/// How much each part of a prompt adds to its likeness with a picture: CheferCAM on the text tower.
///
/// The source is the CLIP notebook of hila-chefer/Transformer-MM-Explainability: the row of the token that stands for the prompt, without
/// the start and that token itself, divided by its sum.
public struct TextRelevance: Sendable, Hashable {
  /// A word of the prompt, or a token where words and tokens do not go together.
  public struct Part: Sendable, Hashable, Codable {
    /// The word as it was written, or the token's text.
    public let text: String
    /// The share of the whole, from 0 to 1.
    public let share: Float
  }

  /// In the order of the prompt.
  public let parts: [Part]
  /// `[tokens]`: the share of each token between the start and the end.
  public let tokens: [Float]
}

extension Explainer {
  /// The relevance of the parts of a prompt for its cosine with a picture, scaled by the model's logit scale.
  ///
  /// - Parameters:
  ///   - embedding: the picture's, of any length.
  ///   - startLayer: the first block of the text tower that takes part; by default the last block alone, as published.
  /// - Throws: A `ModelError` where the model takes no text, a `MethodError` where its text tower pools in another way.
  public func textRelevance(
    of prompt: String, for embedding: [Float], startLayer: Int? = nil
  ) throws -> TextRelevance {
    let tower = try model.text(), tokenizer = try model.tokenizer(), ids = tokenizer.encode(prompt)
    let count = tower.tower.blocks.layers, start = startLayer ?? count - 1
    guard (0..<count).contains(start) else {
      throw MethodError.noSuchLayer(method: CheferCAM.info.id, layer: start, layers: count)
    }
    guard tower.tower.pooling != .classToken, tower.tower.embedding == nil else {
      let reason = tower.tower.embedding == nil ? "pools a token of its own" : "is not one of CLIP's kind"
      throw MethodError.undefined(
        method: CheferCAM.info.id, model: model.name, reason: "its text tower \(reason)", others: [])
    }
    let pass = tower.keep(ids, from: start, engine: model.textEngine), engine = model.textEngine
    var row = [Float](repeating: 0, count: pass.tokens)
    row[pass.place] = 1
    var flow = Rows(
      tower.gradient(pass, direction: normalised(embedding)), count: pass.tokens, width: tower.tower.blocks.width)
    for record in pass.records.reversed() {
      let layer = tower.view(record)
      let walk = BlockWalk(layer: layer, rule: GradientRule(engine: engine), engine: engine)
      let (attention, stream) = walk.toAttention(flow)
      let matrix = layer.positiveAttention(attention, prompt: 0, scale: model.logitScale, engine)
      row = zip(row, matrix.row(weightedBy: row)).map(+)
      if record.layer > start { flow = walk.toInput(attention, stream: stream) }
    }
    let pieces = tokenizer.pieces(prompt)
    // Of a prompt that was cut the last token may be another.
    let first = ids.dropLast().starts(with: pieces.prefix(ids.count - 1)) ? 0 : 1
    let end = min(pass.place, first + pieces.count)
    let values = Array(row[min(first, end)..<end]), sum = values.reduce(0, +)
    let shares = sum > 0 ? values.map { $0 / sum } : values
    return TextRelevance(parts: parts(of: prompt, tokenizer, pieces, shares), tokens: shares)
  }

  /// Words with the shares of their tokens, where the tokens of the words are those of the prompt.
  private func parts(
    of prompt: String, _ tokenizer: any PromptTokenizer, _ pieces: [Int32], _ shares: [Float]
  ) -> [TextRelevance.Part] {
    let words = prompt.split(whereSeparator: \.isWhitespace).map(String.init)
    let counts = words.map { tokenizer.pieces($0) }
    guard counts.flatMap({ $0 }) == pieces else {
      return shares.enumerated().map { TextRelevance.Part(text: "token \($0 + 1)", share: $1) }
    }
    var place = 0
    return zip(words, counts).map { word, ids in
      defer { place += ids.count }
      // A prompt that was cut ends early.
      let own = shares[min(place, shares.count)..<min(place + ids.count, shares.count)]
      return TextRelevance.Part(text: word, share: own.reduce(0, +))
    }
  }
}
