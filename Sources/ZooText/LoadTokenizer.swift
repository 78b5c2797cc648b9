import Foundation
import ZooModels

/// Loads the tokenizer whose files are in a folder.
///
/// - Throws: `TextError` if the files are missing, damaged or need a feature that is not supported, or if the specification makes no sense.
package func loadTokenizer(_ spec: TokenizerSpec, from folder: URL) throws(TextError) -> any PromptTokenizer {
  let files = tokenizerFiles(in: folder, for: spec)
  guard !files.isEmpty else {
    throw TextError.missing(folder: folder.path(percentEncoded: false), needed: spec.kind.neededFiles)
  }
  return try loadTokenizer(spec, files: files)
}

/// Loads the tokenizer of one set of files.
package func loadTokenizer(_ spec: TokenizerSpec, files: [URL]) throws(TextError) -> any PromptTokenizer {
  try spec.check()
  if let language = spec.language, spec.kind != .tokenizerJSON { throw TextError.noLanguages(language: language) }
  guard let first = files.first else { throw TextError.missing(folder: "", needed: spec.kind.neededFiles) }
  let name = first.lastPathComponent
  switch spec.kind {
  case .clipBPE, .clipHF:
    let source = try CLIPSource(files)
    return try source.tokenizer(spec) { () throws(TextError) in
      try CLIPTokens(source, TokenizerSettings(in: first.deletingLastPathComponent()))
    }
  case .sentencePiece:
    return SentencePieceTokenizer(try SentencePieceModel(try readTokenizerFile(first), file: name), spec: spec)
  case .tokenizerJSON:
    let parts = try PipelineTokenizer.Parts(json: try readTokenizerFile(first), file: name)
    return PipelineTokenizer(parts, spec: try parts.speaking(spec, file: name))
  case .wordPiece:
    var parts = try PipelineTokenizer.Parts(wordPieceVocabulary: try readTokenizerFile(first), file: name)
    parts.addTokens(of: try TokenizerSettings(in: first.deletingLastPathComponent()))
    return PipelineTokenizer(parts, spec: spec)
  case .tiktoken:
    return PipelineTokenizer(
      PipelineTokenizer.Parts(
        preTokenizer: .byteLevel(addsPrefixSpace: false, usesPattern: true),
        model: .bpe(try BPEModel(ranks: try readTokenizerFile(first), file: name))), spec: spec)
  }
}

/// The best complete set of tokenizer files in a folder; empty if there is none. For `clipHF`, the settings of `TokenizerFileNames` are included.
package func tokenizerFiles(in folder: URL, for spec: TokenizerSpec) -> [URL] {
  spec.kind.fileSets(among: fileNames(in: folder)).first?.map { folder.appending(path: $0) } ?? []
}

func fileNames(in folder: URL) -> [String] {
  (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
}

extension TokenizerSpec.Kind {
  fileprivate var neededFiles: String {
    fileSets.filter { !$0[0].contains("*") }.map { $0.joined(separator: " and ") }.joined(separator: ", or ")
  }
}

extension TokenizerSpec {
  fileprivate func check() throws(TextError) {
    guard (1...65536).contains(contextLength) else {
      throw TextError.badSpec(field: "contextLength", value: contextLength, expected: "1 to 65536")
    }
    guard maxTokens.map({ $0 > 0 }) ?? true else {
      throw TextError.badSpec(field: "maxTokens", value: maxTokens ?? 0, expected: "at least 1")
    }
    for (field, value) in [("padID", padID), ("bosID", bosID ?? 0), ("eosID", eosID ?? 0), ("classID", classID ?? 0)] {
      guard (0...Int(Int32.max)).contains(value) else {
        throw TextError.badSpec(field: field, value: value, expected: "a token id")
      }
    }
  }
}
