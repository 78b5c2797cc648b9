import Foundation
import ZooModels

/// Loads the tokenizer whose files lie in a folder.
///
/// - Throws: `TextError` when the files are missing, damaged or need a feature that is not supported, or when the specification
///   makes no sense.
public func loadTokenizer(_ spec: TokenizerSpec, from folder: URL) throws -> any Tokenizer {
  let files = tokenizerFiles(in: folder, for: spec)
  guard let first = files.first else {
    throw TextError.missing(folder: folder.path(percentEncoded: false), needed: spec.kind.neededFiles)
  }
  return try loadTokenizer(spec, files: files, first: first)
}

private func loadTokenizer(_ spec: TokenizerSpec, files: [URL], first: URL) throws -> any Tokenizer {
  try spec.check()
  let name = first.lastPathComponent
  switch spec.kind {
  case .clipBPE:
    guard let merges = files.dropFirst().first else {
      return CLIPTokenizer(try CLIPVocabulary(mergeFile: try readTokenizerFile(first), file: name), spec: spec)
    }
    let vocabulary = try CLIPVocabulary(
      vocabulary: try JSONValue(try readTokenizerFile(first), file: name), file: name,
      mergeFile: try readTokenizerFile(merges), mergeFileName: merges.lastPathComponent)
    return CLIPTokenizer(vocabulary, spec: spec)
  case .sentencePiece:
    return SentencePieceTokenizer(try SentencePieceModel(try readTokenizerFile(first), file: name), spec: spec)
  case .tokenizerJSON:
    return PipelineTokenizer(try PipelineTokenizer.Parts(json: try readTokenizerFile(first), file: name), spec: spec)
  case .wordPiece:
    let parts = try PipelineTokenizer.Parts(wordPieceVocabulary: try readTokenizerFile(first), file: name)
    return PipelineTokenizer(parts, spec: spec)
  }
}

/// The files in a folder that the tokenizer reads, so that a converter can copy them; empty when they are not there.
public func tokenizerFiles(in folder: URL, for spec: TokenizerSpec) -> [URL] {
  let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? [])
    .sorted()
  for choice in spec.kind.choices {
    let found = choice.compactMap { pattern in names.first { matches($0, pattern) } }
    if found.count == choice.count { return found.map { folder.appending(path: $0) } }
  }
  return []
}

private func matches(_ name: String, _ pattern: String) -> Bool {
  guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
  return name.hasPrefix(pattern[..<star]) && name.hasSuffix(pattern[pattern.index(after: star)...])
}

extension TokenizerSpec.Kind {
  /// Sets of files that will do, the best first. A star stands for anything.
  fileprivate var choices: [[String]] {
    switch self {
    case .clipBPE:
      [
        ["bpe_simple_vocab_16e6.txt.gz"], ["bpe_simple_vocab_16e6.txt"], ["bpe_simple_vocab*.txt.gz"],
        ["bpe_simple_vocab*.txt"], ["vocab.json", "merges.txt"],
      ]
    case .sentencePiece: [["spiece.model"], ["sentencepiece.model"], ["tokenizer.model"], ["sentencepiece.bpe.model"]]
    case .tokenizerJSON: [["tokenizer.json"]]
    case .wordPiece: [["vocab.txt"]]
    }
  }

  fileprivate var neededFiles: String {
    choices.filter { !$0[0].contains("*") }.map { $0.joined(separator: " and ") }.joined(separator: ", or ")
  }
}

extension TokenizerSpec {
  fileprivate func check() throws {
    guard (1...65536).contains(contextLength) else {
      throw TextError.badSpec(field: "contextLength", value: contextLength, expected: "1 to 65536")
    }
    for (field, value) in [("padID", padID), ("bosID", bosID ?? 0), ("eosID", eosID ?? 0)] {
      guard (0...Int(Int32.max)).contains(value) else {
        throw TextError.badSpec(field: field, value: value, expected: "a token id")
      }
    }
  }
}
