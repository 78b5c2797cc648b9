import CVocabulary
import Foundation
import ZooModels

/// CLIP's built-in vocabulary: `bpe_simple_vocab_16e6.txt.gz` (OpenAI, MIT licence), truncated to the merges that the tokenizer uses.
package enum CLIPVocabularyFile {
  package static let name = "bpe_simple_vocab_16e6.txt.gz"
  /// The number of entries, including special tokens.
  package static let size = 49408
  package static var data: Data { Data(bytes: zoo_clip_vocabulary_bytes(), count: zoo_clip_vocabulary_size) }

  static func pairs() throws(TextError) -> BytePairs {
    try BytePairs(mergeFile: gunzip([UInt8](data), file: name, limit: 16 << 20), file: name)
  }

  /// The tokenizer of this vocabulary.
  package static func tokenizer(_ spec: TokenizerSpec) throws(TextError) -> any PromptTokenizer {
    let source = CLIPSource(name: name, pairs: try pairs())
    return try source.tokenizer(spec) { () throws(TextError) in try CLIPTokens(source) }
  }
}
