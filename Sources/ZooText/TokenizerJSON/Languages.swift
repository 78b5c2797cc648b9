import ZooModels

extension PipelineTokenizer.Parts {
  /// The specification with the token of its language before a text, as in open_clip's `set_language` and transformers' `src_lang` for NLLB:
  /// language, text, end.
  func speaking(_ spec: TokenizerSpec, file: String) throws(TextError) -> TokenizerSpec {
    guard let language = spec.language else { return spec }
    let languages = addedTokens.map { (name: String(decoding: $0.content, as: UTF8.self), id: Int($0.id)) }
      .filter { $0.name.wholeMatch(of: /[a-z]{3}_[A-Z][a-z]{3}/) != nil }
    // Only a tower that was trained with language tokens has one.
    guard languages.contains(where: { $0.id == spec.bosID }) else { throw TextError.noLanguages(language: language) }
    guard let found = languages.first(where: { $0.name == language }) else {
      let near = languages.map(\.name).filter { $0.prefix(3) == language.lowercased().prefix(3) }
      throw TextError.unknownLanguage(file: file, language: language, near: near, count: languages.count)
    }
    var own = spec
    own.bosID = found.id
    return own
  }
}
