import CVocabulary
import Foundation

/// CLIP's vocabulary as this build carries it: `bpe_simple_vocab_16e6.txt.gz` (OpenAI, MIT licence), cut to the merges that
/// the tokenizer reads.
public enum CLIPVocabularyFile {
  public static let name = "bpe_simple_vocab_16e6.txt.gz"
  /// Entries, special tokens included.
  public static let size = 49408
  public static var data: Data { Data(bytes: zoo_clip_vocabulary_bytes(), count: zoo_clip_vocabulary_size) }
}
