import ZooModels

/// The tokenizer of OpenAI's CLIP and of everything trained with open_clip's `SimpleTokenizer`.
struct CLIPTokenizer: PromptTokenizer {
  private let vocabulary: CLIPVocabulary
  private let clean: TokenizerSpec.Clean
  private let frame: Frame
  private let splitter: WordSplitter
  /// Per byte: its id inside a word, and at the end of one.
  private let inner: [Int32]
  private let last: [Int32]

  private static let startText = Array("<start_of_text>".unicodeScalars)
  private static let endText = Array("<end_of_text>".unicodeScalars)

  init(_ vocabulary: CLIPVocabulary, spec: TokenizerSpec) {
    self.vocabulary = vocabulary
    clean = spec.clean
    frame = Frame(
      spec, prefix: [spec.bosID.map(Int32.init) ?? vocabulary.start],
      suffix: [spec.eosID.map(Int32.init) ?? vocabulary.end])
    splitter = WordSplitter(specials: [Self.startText, Self.endText], ignoresCase: true)
    inner = ByteSymbols.utf8.map { vocabulary.ids[$0] ?? 0 }
    last = ByteSymbols.utf8.map { vocabulary.ids[$0 + BytePairs.wordEnd] ?? 0 }
  }

  var contextLength: Int { frame.contextLength }
  var vocabularySize: Int { vocabulary.size }
  var unknownID: Int32? { nil }

  func encode(_ text: String) -> [Int32] { frame.fill(pieces(text)) }

  func pieces(_ text: String) -> [Int32] {
    let text = clean(text)
    var ids: [Int32] = []
    for word in splitter.words(text) { ids.append(contentsOf: encodeWord(text[word])) }
    return ids
  }

  private func encodeWord(_ word: ArraySlice<Unicode.Scalar>) -> [Int32] {
    // A special token that a user typed is that special token.
    if word.first == "<" {
      if word.elementsEqual(Self.startText) { return [vocabulary.start] }
      if word.elementsEqual(Self.endText) { return [vocabulary.end] }
    }
    let bytes = word.utf8
    var symbols = bytes.map { inner[Int($0)] }
    if let final = bytes.last { symbols[symbols.count - 1] = last[Int(final)] }
    return vocabulary.merges.merge(symbols, order: .byPair)
  }
}
