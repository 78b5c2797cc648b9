import ZooCheckpoints
import ZooModels
import ZooText

extension Identification {
  /// The tokenizer classes of each kind of model in transformers.
  private static let usualClasses: [CheckpointLayout.Source: [String]] = [
    .transformers(.clip): ["CLIPTokenizer"],
    .transformers(.tipsv2): ["Tipsv2Tokenizer"],
    // If these differ from the training, a note says so.
    .transformers(.siglip): ["SiglipTokenizer", "Siglip2Tokenizer", "GemmaTokenizer", "T5Tokenizer"],
  ]

  /// Throws if transformers makes different tokens than the files alone specify, because a configuration names another model's class.
  func checkTokenizerClass(_ settings: TokenizerSettings, in place: TokenizerPlace) throws {
    // A file that the caller names is run as what it is; transformers ignores the class of a NaFlex model's tokenizer.
    guard place.file == nil, let usual = Self.usualClasses[layout.source],
      let (file, name) = try statedClass(settings, place),
      !usual.contains(name), try !TokenizerClass.runsFile(name, in: place.url, settings)
    else { return }
    let hasFile = place.files(of: .tokenizerJSON, expected: .tokenizerJSON) != nil
    let reason =
      hasFile
      ? "with it transformers makes other tokens than tokenizer.json says"
      : "zoo runs such a tokenizer by its tokenizer.json alone, which is not there"
    let choice = hasFile ? "PreTrainedTokenizerFast if tokenizer.json is right, or " : ""
    throw ConvertError.unusableValue(
      file: file, key: "tokenizer_class", value: "'\(name)'",
      remedy: "\(reason): write \(choice)the class that the model was trained with, such as \(usual[0])")
  }

  /// The class without the suffix `Fast`, and the file that names it: the tokenizer's own configuration, or the model's.
  private func statedClass(
    _ settings: TokenizerSettings, _ place: TokenizerPlace
  ) throws -> (file: String, name: String)? {
    if let name = settings.className { return (joinPath(place.folder, TokenizerFileNames.config), name) }
    struct Model: Decodable { var tokenizerClass: String? }
    let file = joinPath(splitPath(path).parent, "config.json")
    guard options.tokenizer == nil, fileExists(file), let name = try readJSON(Model.self, file).tokenizerClass else {
      return nil
    }
    return (file, name.hasSuffix("Fast") ? String(name.dropLast(4)) : name)
  }
}
