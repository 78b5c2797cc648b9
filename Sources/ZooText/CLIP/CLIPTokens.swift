/// The added tokens of a CLIP tokenizer and those around a text, as determined by transformers 5.
///
/// `added_tokens_decoder` in `tokenizer_config.json` or `added_tokens.json`, and the `added_tokens` in `tokenizer.json`, by id; then the tokens with
/// a role. A token that is not in the vocabulary gets the next id, whatever a file says.
struct CLIPTokens: Sendable {
  private(set) var all: [AddedTokens.Token] = []
  private(set) var start: Int32 = 0
  private(set) var end: Int32 = 0
  private(set) var pad: Int32 = 0
  private(set) var unknown: Int32?
  /// One more than the largest id.
  private(set) var idCount: Int
  private let pieceCount: Int
  private var placed = PieceTable(capacity: 8)

  init(_ source: CLIPSource, _ settings: TokenizerSettings = TokenizerSettings()) throws(TextError) {
    idCount = source.pairs.ids.idCount
    pieceCount = source.pairs.ids.count
    let pieces = source.pairs.ids
    // A later definition of an id replaces an earlier one.
    var stated: [Int32: AddedTokens.Token] = [:]
    for token in settings.added + source.added { stated[token.id] = token }
    for (id, token) in stated.sorted(by: { $0.key < $1.key }) {
      let given = place(token, in: pieces)
      guard given == id else {
        throw TextError.malformed(
          file: "the added tokens", place: "\"\(String(decoding: token.content, as: UTF8.self))\"",
          problem: "its id is \(id), but the next free id of the vocabulary is \(given)")
      }
    }
    func role(_ name: String, _ usual: String) -> Int32 {
      place(settings.roles[name] ?? AddedTokens.Token(content: [UInt8](usual.utf8), id: 0), in: pieces)
    }
    start = role("bos_token", BytePairs.start)
    end = role("eos_token", BytePairs.end)
    let unknownText = settings.roles["unk_token"]?.content ?? [UInt8](BytePairs.end.utf8)
    unknown = pieces[unknownText]
    _ = role("unk_token", BytePairs.end)
    pad = role("pad_token", BytePairs.end)
    for (_, token) in settings.roles.sorted(by: { $0.key < $1.key }) { _ = place(token, in: pieces) }
    for token in settings.extra { _ = place(token, in: pieces) }
    all.sort { $0.id < $1.id }
  }

  /// The token's id: that of a token with the same text, that of the piece, or the next free one.
  private mutating func place(_ token: AddedTokens.Token, in pieces: PieceTable) -> Int32 {
    if let known = placed[token.content] { return known }
    var token = token
    token.id = pieces[token.content] ?? Int32(max(placed.idCount, pieceCount))
    all.append(token)
    placed.set(token.content, token.id)
    idCount = max(idCount, placed.idCount)
    return token.id
  }

  /// Whether the only tokens are the two around a text, under their names in CLIP's vocabulary.
  var isPlain: Bool {
    Set(all.map(\.content)) == Set([BytePairs.start, BytePairs.end].map { [UInt8]($0.utf8) }) && !hasNewTokens
  }

  /// Whether any token is not a piece of the vocabulary.
  var hasNewTokens: Bool { all.contains { $0.id >= pieceCount } }
}

extension PipelineTokenizer.Parts {
  /// transformers' `CLIPTokenizer`.
  init(_ pairs: BytePairs, _ tokens: CLIPTokens) {
    self.init(
      addedTokens: tokens.all, normalizer: .clip, preTokenizer: .clip,
      model: .bpe(BPEModel(pairs, unknownID: tokens.unknown)),
      postProcessor: PostProcessor(prefix: [tokens.start], suffix: [tokens.end]))
  }
}
