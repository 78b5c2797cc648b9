import Foundation
import ZooJSON
import ZooModels

/// The tokenizer classes of transformers 5, which decide how a `tokenizer.json` is used.
///
/// Classes without a pipeline of their own run the file as it is. The others take the vocabulary, the merges and the special tokens around a text
/// from it, and split texts in their own way, ignoring its normalizer and pre-tokenizer.
package enum TokenizerClass {
  /// Classes that run the file as it is, and require it.
  package static let readers: Set = ["PreTrainedTokenizer", "TokenizersBackend"]
  /// Classes with a pipeline of their own, which is compared with what a file says.
  private static let pipelines: [String: @Sendable (JSONNode, TokenizerSettings) throws(TextError) -> Bool] = [
    "GPT2Tokenizer": isGPT2, "BertTokenizer": isBERT, "XLMRobertaTokenizer": isXLMRoberta,
  ]

  /// Whether the class makes the tokens that the folder's `tokenizer.json` describes, so that the file alone may be run; false if it does not, if the
  /// class is not known, and without such a file.
  package static func runsFile(_ name: String, in folder: URL, _ settings: TokenizerSettings) throws(TextError) -> Bool
  {
    let file = folder.appending(path: TokenizerFileNames.json)
    guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return false }
    if readers.contains(name) { return true }
    guard let agrees = pipelines[name] else { return false }
    let text = try JSONValue(try readTokenizerFile(file), file: TokenizerFileNames.json)
    return try agrees(JSONNode(value: text, file: TokenizerFileNames.json, path: ""), settings)
  }

  @Sendable private static func isGPT2(_ file: JSONNode, _ settings: TokenizerSettings) throws(TextError) -> Bool {
    guard file.optional("normalizer") == nil, let split = file.optional("pre_tokenizer"),
      try split.type() == "ByteLevel", try split.bool("use_regex", default: true),
      try split.bool("add_prefix_space", default: true) == settings.bool("add_prefix_space") ?? false
    else { return false }
    let model = try file.member("model")
    if try model.bool("ignore_merges", default: false) { return false }
    for name in ["end_of_word_suffix", "continuing_subword_prefix"] {
      if let affix = try model.optional(name)?.bytes(), !affix.isEmpty { return false }
    }
    return true
  }

  @Sendable private static func isBERT(_ file: JSONNode, _ settings: TokenizerSettings) throws(TextError) -> Bool {
    guard let normalizer = file.optional("normalizer"), try normalizer.type() == "BertNormalizer",
      try file.optional("pre_tokenizer")?.type() == "BertPreTokenizer"
    else { return false }
    let lowers = try normalizer.bool("lowercase", default: true)
    let spaces = try normalizer.bool("handle_chinese_chars", default: true)
    return lowers == settings.bool("do_lower_case") ?? true && spaces == settings.bool("tokenize_chinese_chars") ?? true
      && normalizer.optional("strip_accents")?.value.bool == settings.bool("strip_accents")
  }

  @Sendable private static func isXLMRoberta(_ file: JSONNode, _ settings: TokenizerSettings) throws(TextError) -> Bool
  {
    func types(_ key: String, _ list: String) throws(TextError) -> [String] {
      guard let node = file.optional(key) else { return [] }
      guard let members = node.optional(list) else { return [try node.type()] }
      return try members.elements().map { member throws(TextError) in try member.type() }
    }
    let steps = try types("pre_tokenizer", "pretokenizers"), normalizers = try types("normalizer", "normalizers")
    guard steps.last == "Metaspace", try file.member("model").type() == "Unigram" else { return false }
    // The class first splits at all white space, which the charsmap of the vocabulary turns into spaces.
    return steps.first == "WhitespaceSplit" || normalizers.contains("Precompiled")
  }
}
