import Foundation
import ZooJSON
import ZooModels

/// One set of files that holds a CLIP vocabulary: OpenAI's list of merges, `vocab.json` with `merges.txt`, or `tokenizer.json`.
struct CLIPSource: Sendable {
  /// The file with the vocabulary, for messages.
  let name: String
  let pairs: BytePairs
  /// The added tokens of a `tokenizer.json`.
  var added: [AddedTokens.Token] = []

  /// From a set of `TokenizerSpec.Kind.clipBPE`.
  init(_ files: [URL]) throws(TextError) {
    func read(_ file: URL) throws(TextError) -> ([UInt8], String) {
      (try readTokenizerFile(file), file.lastPathComponent)
    }
    let bytes: [UInt8]
    (bytes, name) = try read(files[0])
    if files.count > 1 {
      let (merges, mergeFileName) = try read(files[1])
      pairs = try BytePairs(
        vocabulary: try JSONValue(bytes, file: name), file: name, mergeFile: merges, mergeFileName: mergeFileName)
    } else if name == TokenizerFileNames.json {
      let root = JSONNode(value: try JSONValue(bytes, file: name), file: name, path: "")
      pairs = try BytePairs(root.member("model"))
      added = try AddedTokens.all(in: root)
    } else {
      pairs = try BytePairs(mergeFile: bytes, file: name)
    }
  }

  init(name: String, pairs: BytePairs) { (self.name, self.pairs) = (name, pairs) }

  /// OpenAI's tokenizer, or that of transformers, which finds added tokens.
  func tokenizer(_ spec: TokenizerSpec, tokens: () throws(TextError) -> CLIPTokens) throws(TextError)
    -> any PromptTokenizer
  {
    guard spec.kind == .clipHF else { return CLIPTokenizer(try CLIPVocabulary(pairs, file: name), spec: spec) }
    return PipelineTokenizer(PipelineTokenizer.Parts(pairs, try tokens()), spec: spec)
  }
}
