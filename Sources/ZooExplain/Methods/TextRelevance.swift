import ZooModels
import ZooRuntime
import ZooText

/// How much each part of a prompt contributes to its similarity with a picture: CheferCAM on the text tower.
///
/// The source is the CLIP notebook of hila-chefer/Transformer-MM-Explainability: the row of the pooled token, without the start token and that token
/// itself, divided by its sum.
public struct TextRelevance: Sendable, Hashable {
  /// A word of the prompt, or a token if words and tokens cannot be matched.
  public struct Part: Sendable, Hashable, Codable {
    /// The word as written, or the token's text.
    public let text: String
    /// The fraction of the whole, from 0 to 1.
    public let share: Float
  }

  /// In the order of the prompt.
  public let parts: [Part]
  /// `[tokens]`: the fraction of each token between the start and the end.
  public let tokens: [Float]
}

extension Explainer {
  /// The relevance of the parts of a prompt for its cosine with a picture, scaled by the model's logit scale.
  ///
  /// - Parameters:
  ///   - embedding: The picture's embedding, of any length.
  ///   - startLayer: The first block of the text tower to use; by default only the last block, as published.
  /// - Throws: A `ModelError` if the model takes no text, a `MethodError` if its text tower pools in another way.
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
    let pass = tower.keep(ids, from: start, engine: model.engine), engine = model.engine
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
    // The last token of a prompt that was truncated may differ.
    let first = ids.dropLast().starts(with: pieces.prefix(ids.count - 1)) ? 0 : 1
    let end = min(pass.place, first + pieces.count)
    let values = Array(row[min(first, end)..<end]), sum = values.reduce(0, +)
    let shares = sum > 0 ? values.map { $0 / sum } : values
    return TextRelevance(parts: parts(of: prompt, tokenizer, pieces, shares), tokens: shares)
  }

  /// Words with the fractions of their tokens, if the tokens of the words are those of the prompt.
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
      // A prompt that was truncated ends early.
      let own = shares[min(place, shares.count)..<min(place + ids.count, shares.count)]
      return TextRelevance.Part(text: word, share: own.reduce(0, +))
    }
  }
}
