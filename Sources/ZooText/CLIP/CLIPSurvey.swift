import Foundation
import ZooModels

/// What the files of a folder say about a CLIP tokenizer: which of them is the tokenizer and what is in it.
package struct CLIPSurvey: Sendable {
  /// The names of the files that hold the tokenizer, settings included where they matter.
  package let files: [String]
  /// True if it is OpenAI's vocabulary, unchanged.
  package let isStandard: Bool
  /// True if the tokens around a text are all that stands beside the vocabulary.
  package let isPlain: Bool
  /// True if tokens were added to the vocabulary.
  package let hasNewTokens: Bool
  package var padID: Int { Int(tokens.pad) }
  /// The set that was chosen, and those that hold another tokenizer or none.
  package let chosen: [String]
  package let differing: [[String]]
  package let unreadable: [(files: [String], reason: TextError)]
  private let source: CLIPSource
  private let tokens: CLIPTokens

  /// Nil where no file has the name of one. Sets of files with the same content are one tokenizer; where they differ it is that of
  /// `tokenizer.json`, as in transformers 5, else the first.
  ///
  /// Throws a `TextError` where no set can be read.
  ///
  /// - Parameter file: Where one of the files was asked for: no other set is looked at.
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

  /// The tokenizer, as `loadTokenizer` makes it of the files.
  package func tokenizer(_ spec: TokenizerSpec) throws(TextError) -> any PromptTokenizer {
    try source.tokenizer(spec) { () throws(TextError) in tokens }
  }
}
