import ZooModels

/// Encodes like the SentencePiece library, from its `.model` file.
struct SentencePieceTokenizer: PromptTokenizer {
  private let model: SentencePieceModel
  private let userDefined: PieceTrie
  private let cutter: Cutter
  private let clean: TokenizerSpec.Clean
  private let frame: Frame
  /// The end and unknown tokens, which Hugging Face's SigLIP tokenizer finds in the text; nil for the library's own behaviour.
  private let typed: AddedTokens?

  private enum Cutter: Sendable {
    case unigram(UnigramModel)
    case bpe(SentencePieceBPE)
  }

  /// The end token is the specification's, else the model's own unless the frame is bare; a begin token is added only if the specification has one.
  init(_ model: SentencePieceModel, spec: TokenizerSpec) {
    self.model = model
    clean = spec.clean
    frame = Frame(
      spec, prefix: spec.bosID.map { [Int32($0)] } ?? [],
      suffix: [spec.eosID ?? model.eosID].filter { $0 >= 0 && spec.frame != .bare }.map { Int32($0) })

    let special = [model.unknownID, Int32(clamping: model.eosID)].filter { model.pieces.indices.contains(Int($0)) }
    typed =
      clean == .siglip ? AddedTokens(special.map { .init(content: model.pieces[Int($0)].text, id: $0) }) : nil

    let all = model.pieces.enumerated().map { (piece: $1.text, id: Int32($0), kind: $1.kind) }
    userDefined = PieceTrie(all.filter { $0.kind == .userDefined }.map { ($0.piece, $0.id) })
    let ordinary = all.filter { $0.kind == .normal || $0.kind == .userDefined || $0.kind == .unused }
    switch model.algorithm {
    case .unigram:
      let scores = model.pieces.filter { $0.kind == .normal }.map(\.score)
      let highest = Double(scores.max() ?? 0)
      let defined = ordinary.filter { $0.kind == .userDefined }.map { ($0.id, highest) }
      cutter = .unigram(
        UnigramModel(
          trie: PieceTrie(ordinary.filter { $0.kind != .unused }.map { ($0.piece, $0.id) }),
          scores: model.pieces.map { Double($0.score) }, unknownID: model.unknownID,
          unknownScore: Double((scores.min() ?? 0) - Float(UnigramModel.unknownPenalty)), precision: .single,
          userDefined: Dictionary(defined) { $1 }))
    case .bpe:
      var ids = PieceTable(capacity: ordinary.count)
      for piece in ordinary { ids.set(piece.piece, piece.id) }
      cutter = .bpe(
        SentencePieceBPE(
          ids: ids, scores: model.pieces.map(\.score), longest: ordinary.map(\.piece.count).max() ?? 0,
          userDefined: userDefined, unused: Set(ordinary.filter { $0.kind == .unused }.map(\.id))))
    }
  }

  var contextLength: Int { frame.contextLength }
  var vocabularySize: Int { model.pieces.count }
  var unknownID: Int32? { model.unknownID }

  func encode(_ text: String) -> [Int32] { frame.fill(pieces(text)) }

  func pieces(_ text: String) -> [Int32] {
    if let typed { return pieces(text, around: typed) }
    return pieces(normalized(clean(text).utf8))
  }

  /// Like Hugging Face's `SiglipTokenizer`: special tokens that a user typed become ids, and every text between them is split after prepending the
  /// unknown token's name, whose pieces are then dropped. That preserves its first space, and rounds differently in ties.
  private func pieces(_ text: String, around typed: AddedTokens) -> [Int32] {
    let marked = ["\u{2581}"] + text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
    let unknownName = model.pieces[Int(model.unknownID)].text
    let unknownCount = pieces(normalized(unknownName)).count
    var ids: [Int32] = []
    for (index, part) in typed.split(marked.utf8, isFirst: true).enumerated() {
      switch part {
      case .text(let text, _):
        let cleaned = clean(String(decoding: text, as: UTF8.self)).utf8
        let found = pieces(normalized(unknownName + cleaned))
        ids.append(contentsOf: found.count >= unknownCount ? found.dropFirst(unknownCount) : found[...])
      case .token(let id):
        // A single space before the first token does not belong to the text.
        if index == 1, ids.count == 1, model.pieces[Int(ids[0])].text == Self.escapedSpace { ids = [] }
        ids.append(id)
      }
    }
    return ids
  }

  /// The ids of a normalised text.
  private func pieces(_ text: [UInt8]) -> [Int32] {
    let cut: [(range: Range<Int>, id: Int32)] =
      switch cutter {
      case .unigram(let unigram): unigram.cut(text)
      case .bpe(let bpe): bpe.cut(text).map { ($0, bpe.ids[text[$0]] ?? model.unknownID) }
      }
    var ids: [Int32] = []
    var wasUnknown = false
    for (range, id) in cut {
      let isUnknown = id == model.unknownID
      if isUnknown, model.usesByteFallback {
        ids.append(contentsOf: text[range].map { model.byteIDs[Int($0)] })
      } else if !(isUnknown && wasUnknown) {
        ids.append(id)
      }
      wasUnknown = isUnknown
    }
    return ids
  }

  private static let space: ArraySlice<UInt8> = [0x20]
  private static let escapedSpace = [UInt8]("\u{2581}".utf8)

  /// SentencePiece's normaliser: characters replaced, spaces collapsed and written as U+2581, one prepended.
  private func normalized(_ text: [UInt8]) -> [UInt8] {
    let space = model.escapesSpaces ? Self.escapedSpace : [0x20]
    var at = 0
    if model.removesExtraSpaces {
      while at < text.count, case let (length, replacement) = step(text, at), replacement == Self.space { at += length }
    }
    guard at < text.count else { return [] }
    var result: [UInt8] = model.addsDummyPrefix && !model.treatsSpaceAsSuffix ? space : []
    var isAfterSpace = model.removesExtraSpaces
    while at < text.count {
      let (length, replacement) = step(text, at)
      var part = replacement
      if isAfterSpace { part = part.drop { $0 == 0x20 } }
      for byte in part {
        if byte == 0x20 { result.append(contentsOf: space) } else { result.append(byte) }
      }
      if let last = part.last { isAfterSpace = model.removesExtraSpaces && last == 0x20 }
      at += length
    }
    if model.removesExtraSpaces {
      while result.count >= space.count, result.suffix(space.count).elementsEqual(space) {
        result.removeLast(space.count)
      }
    }
    if model.addsDummyPrefix, model.treatsSpaceAsSuffix { result.append(contentsOf: space) }
    return result
  }

  /// One user-defined piece, one replaced sequence, or one character: its length and its replacement.
  private func step(_ text: [UInt8], _ at: Int) -> (length: Int, replacement: ArraySlice<UInt8>) {
    if let defined = userDefined.longestPrefix(of: text, from: at) {
      return (defined.length, text[at..<at + defined.length])
    }
    if let match = model.charsmap?.lookUp(text, from: at, .longest) { return match }
    let length = min(utf8Length(text[at]), text.count - at)
    return (length, text[at..<at + length])
  }
}
