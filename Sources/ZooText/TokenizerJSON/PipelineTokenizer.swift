import ZooJSON
import ZooModels

/// A tokenizer with the structure of the tokenizers library: added tokens, normaliser, pre-tokenizer, model, post-processor.
struct PipelineTokenizer: PromptTokenizer {
  enum Model: Sendable {
    case bpe(BPEModel)
    case unigram(UnigramPieces)
    case wordPiece(WordPieceModel)
  }

  /// The parts as given by a file.
  struct Parts: Sendable {
    var addedTokens: [AddedTokens.Token] = []
    var normalizer: Normalizer?
    var preTokenizer: PreTokenizer?
    var model: Model
    var postProcessor = PostProcessor()
  }

  let vocabularySize: Int
  private let clean: TokenizerSpec.Clean
  private let frame: Frame
  private let separator: Int32?
  private let rawTokens: AddedTokens
  private let normalizedTokens: AddedTokens
  private let normalizer: Normalizer?
  private let preTokenizer: PreTokenizer?
  private let model: Model

  init(_ parts: Parts, spec: TokenizerSpec) {
    clean = spec.clean
    normalizer = parts.normalizer
    preTokenizer = parts.preTokenizer
    model = parts.model
    rawTokens = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = AddedTokens(
      parts.addedTokens.filter(\.isNormalized).map { token in
        var token = token
        if let normalizer = parts.normalizer { token.content = normalizer(scalars(token.content)).utf8 }
        return token
      })
    var around = parts.postProcessor
    if spec.bosID != nil || spec.eosID != nil {
      around.prefix = spec.bosID.map { [Int32($0)] } ?? []
      around.suffix = spec.eosID.map { [Int32($0)] } ?? []
    }
    frame = Frame(spec, prefix: around.prefix, suffix: around.suffix)
    separator = spec.stripSeparator ? around.suffix.last : nil
    let modelSize =
      switch parts.model {
      case .bpe(let bpe): bpe.ids.idCount
      case .unigram(let unigram): unigram.ids.idCount
      case .wordPiece(let wordPiece): wordPiece.ids.idCount
      }
    vocabularySize = parts.addedTokens.reduce(modelSize) { max($0, Int($1.id) + 1) }
  }

  var contextLength: Int { frame.contextLength }
  var unknownID: Int32? {
    switch model {
    case .bpe(let bpe): bpe.unknownID
    case .unigram(let unigram): unigram.unknownID
    case .wordPiece(let wordPiece): wordPiece.unknownID
    }
  }

  func encode(_ text: String) -> [Int32] {
    let ids = frame.fill(pieces(text))
    return separator.map { separator in ids.map { $0 == separator ? 0 : $0 } } ?? ids
  }

  func pieces(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    for part in rawTokens.split(clean(text).utf8, isFirst: true) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let bytes, let isFirst): encodeSection(scalars(bytes), isFirst: isFirst, into: &ids)
      }
    }
    return ids
  }

  private func encodeSection(_ text: [Unicode.Scalar], isFirst: Bool, into ids: inout [Int32]) {
    let text = normalizer?(text) ?? text
    for part in normalizedTokens.split(text.utf8, isFirst: isFirst) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let bytes, let isFirst):
        let words = [(text: scalars(bytes), isFirst: isFirst)]
        for word in preTokenizer?(words) ?? words { ids.append(contentsOf: self.ids(of: word.text)) }
      }
    }
  }

  private func ids(of word: [Unicode.Scalar]) -> [Int32] {
    switch model {
    case .bpe(let bpe): bpe.ids(of: word)
    case .unigram(let unigram): unigram.ids(of: word)
    case .wordPiece(let wordPiece): wordPiece.ids(of: word)
    }
  }
}

extension PipelineTokenizer.Parts {
  /// From `tokenizer.json`. Its own truncation and padding are ignored: the specification defines them.
  init(json bytes: [UInt8], file: String) throws(TextError) {
    let root = JSONNode(value: try JSONValue(bytes, file: file), file: file, path: "")
    let node = try root.member("model")
    let type = try node.optional("type")?.text()
    switch type {
    case "BPE": model = .bpe(try BPEModel(node))
    case "Unigram": model = .unigram(try UnigramPieces(node))
    case "WordPiece": model = .wordPiece(try WordPieceModel(node))
    default: throw node.unsupported("the model \(type ?? "without a type")")
    }
    addedTokens = try AddedTokens.all(in: root)
    normalizer = try root.optional("normalizer").map(Normalizer.init)
    preTokenizer = try root.optional("pre_tokenizer").map(PreTokenizer.init)
    postProcessor = try root.optional("post_processor").map(PostProcessor.init) ?? PostProcessor()
  }

  /// Tokens with a role that are pieces of a WordPiece vocabulary are found in a text as well.
  mutating func addTokens(of settings: TokenizerSettings) {
    guard case .wordPiece(let wordPiece) = model else { return }
    for (_, token) in settings.roles where !addedTokens.contains(where: { $0.content == token.content }) {
      guard let id = wordPiece.ids[token.content] else { continue }
      var token = token
      token.id = id
      addedTokens.append(token)
    }
  }

  /// From BERT's `vocab.txt`: one piece per line, whose id is the line number.
  init(wordPieceVocabulary bytes: [UInt8], file: String) throws(TextError) {
    var ids = PieceTable(capacity: 32_000)
    for (line, piece) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let text = piece.last == 0x0D ? piece.dropLast() : piece
      if text.isEmpty { continue }
      ids.set(text, try checkedID(line, of: text, file: file, field: "line \(line + 1)"))
    }
    func special(_ name: String) throws(TextError) -> Int32 {
      guard let id = ids[name.utf8] else {
        throw TextError.malformed(file: file, place: "vocabulary", problem: "it has no \(name)")
      }
      return id
    }
    let unknown = try special("[UNK]")
    self.init(
      addedTokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name in
        ids[name.utf8].map { AddedTokens.Token(content: [UInt8](name.utf8), id: $0) }
      },
      normalizer: .bert(BertNormalizer()), preTokenizer: .bert,
      model: .wordPiece(
        WordPieceModel(ids: ids, unknownID: unknown, continuation: [UInt8]("##".utf8), characterLimit: 100)),
      postProcessor: PostProcessor(prefix: [try special("[CLS]")], suffix: [try special("[SEP]")]))
  }
}

extension WordPieceModel {
  fileprivate init(_ node: JSONNode) throws(TextError) {
    let vocabulary = try node.member("vocab")
    let ids = try vocabularyTable(vocabulary.value, file: node.file, field: vocabulary.path)
    let unknown = try node.member("unk_token")
    guard let unknownID = ids[try unknown.bytes()] else { throw unknown.problem("it is not in the vocabulary") }
    self.init(
      ids: ids, unknownID: unknownID,
      continuation: try node.optional("continuing_subword_prefix")?.bytes() ?? [UInt8]("##".utf8),
      characterLimit: min(max(node.optional("max_input_chars_per_word")?.value.int ?? 100, 0), 1000))
  }
}
