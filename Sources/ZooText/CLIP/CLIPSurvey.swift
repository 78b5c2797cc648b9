import Foundation
import ZooModels

/// What the files in a folder say about a CLIP tokenizer: which of them are the tokenizer, and what they contain.
package struct CLIPSurvey: Sendable {
  /// The names of the tokenizer's files, including settings if they matter.
  package let files: [String]
  /// Whether it is OpenAI's vocabulary, unchanged.
  package let isStandard: Bool
  /// Whether the tokens around a text are the only ones besides the vocabulary.
  package let isPlain: Bool
  /// Whether tokens were added to the vocabulary.
  package let hasNewTokens: Bool
  package var padID: Int { Int(tokens.pad) }
  /// The set that was chosen, and those that hold a different tokenizer or none.
  package let chosen: [String]
  package let differing: [[String]]
  package let unreadable: [(files: [String], reason: TextError)]
  private let source: CLIPSource
  private let tokens: CLIPTokens

  /// Nil if no file has a suitable name. Sets of files with the same content are the same tokenizer; if they differ, `tokenizer.json` wins, as in
  /// transformers 5, otherwise the first.
  ///
  /// Throws a `TextError` if no set can be read.
  ///
  /// - Parameter file: One of the files, if it was requested: no other set is considered.
  package init?(_ folder: URL, only file: String? = nil) throws(TextError) {
    let sets = TokenizerSpec.Kind.clipBPE.fileSets(among: fileNames(in: folder)).filter {
      file.map($0.contains) ?? true
    }
    var unreadable: [(files: [String], reason: TextError)] = []
    var found: [(files: [String], source: CLIPSource, tokens: CLIPTokens)] = []
    let settings = sets.isEmpty ? nil : try TokenizerSettings(in: folder)
    for files in sets {
      do throws(TextError) {
        let source = try CLIPSource(files.map { folder.appending(path: $0) })
        guard let settings else { continue }
        found.append((files, source, try CLIPTokens(source, settings)))
      } catch {
        unreadable.append((files, error))
      }
    }
    guard let first = found.first else {
      if let failure = unreadable.last { throw failure.reason }
      return nil
    }
    let winner = found.first { $0.files == [TokenizerFileNames.json] } ?? first
    let (same, others) = (
      found.filter { $0.source.pairs == winner.source.pairs && $0.tokens.all == winner.tokens.all },
      found.filter { $0.source.pairs != winner.source.pairs || $0.tokens.all != winner.tokens.all }
    )
    let tokens = winner.tokens
    isPlain = tokens.isPlain
    hasNewTokens = tokens.hasNewTokens
    isStandard = isPlain ? winner.source.pairs == (try CLIPVocabularyFile.pairs()) : false
    chosen = isPlain ? (same.first ?? winner).files : winner.files
    let beside = Set(fileNames(in: folder))
    files = chosen + (isPlain ? [] : TokenizerFileNames.settings.filter(beside.contains))
    differing = others.map(\.files)
    self.unreadable = unreadable
    (self.source, self.tokens) = (winner.source, tokens)
  }

  /// The id that ends a text.
  package var endID: Int { Int(tokens.end) }

  /// The tokenizer that `loadTokenizer` makes from the files.
  package func tokenizer(_ spec: TokenizerSpec) throws(TextError) -> any PromptTokenizer {
    try source.tokenizer(spec) { () throws(TextError) in tokens }
  }
}
