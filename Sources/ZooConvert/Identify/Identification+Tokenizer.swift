import Foundation
import ZooCheckpoints
import ZooModels
import ZooText

/// A tokenizer that was found, loaded, and the files to copy.
struct FoundTokenizer {
  let files: [TokenizerFile]
  let tokenizer: any PromptTokenizer
}

extension Identification {
  /// The tokenizer's files: the caller's, those beside the weights, or CLIP's own vocabulary. Without any, a note says that the model takes no text.
  ///
  /// Throws if the caller's tokenizer cannot be read, or if a tokenizer does not fit the text tower.
  mutating func tokenizer(_ finding: inout Candidate) throws -> [TokenizerFile] {
    guard let text = finding.architecture.text else { return [] }
    let found: FoundTokenizer?
    do {
      found = try search(&finding, text)
    } catch let error as TextError where options.tokenizer == nil {
      notes.append("The tokenizer beside the weights cannot be used (\(error)): without one the model takes no text.")
      return []
    }
    guard let found else { return [] }
    try check(found, against: finding)
    return found.files
  }

  private mutating func search(_ finding: inout Candidate, _ text: TextTower) throws -> FoundTokenizer? {
    let path = options.tokenizer ?? splitPath(path).parent
    let missing = TextError.missing(
      folder: path, needed: "one of " + TokenizerFileNames.vocabularies.joined(separator: ", "))
    guard let place = TokenizerPlace(path) else { throw missing }
    let settings = try TokenizerSettings(in: place.url)
    try checkTokenizerClass(settings, in: place)
    let isTransformers = layout.source == .transformers(.clip)
    var spec = text.tokenizer
    // Each ecosystem handles CLIP's vocabulary differently. If transformers reads the files, their class tells what they are.
    if isTransformers, spec.kind == .clipBPE { (spec.kind, spec.clean) = (.clipHF, .none) }
    if spec.kind == .tokenizerJSON, spec.frame == nil, settings.className == "CLIPTokenizer" { spec.kind = .clipHF }
    if isTransformers, let limit = settings.int("model_max_length"), limit < text.contextLength {
      notes.append("Prompts are cut at \(limit) tokens (model_max_length), not at \(text.contextLength).")
      spec.maxTokens = limit
    }
    if layout.source.isSigLIP { try adoptSigLIP(&spec, place, settings) }
    if spec.kind != .clipBPE { try noteKeys(place, settings, spec) }
    let isCLIP = spec.kind.isCLIP
    let hasCLIPClass = spec.kind == .clipBPE || settings.className ?? "CLIPTokenizer" == "CLIPTokenizer"
    defer { finding.architecture.text?.tokenizer = spec }
    if isCLIP, hasCLIPClass, let found = try clipTokenizer(&spec, place, finding) { return found }
    if spec.kind != .clipBPE || options.tokenizer != nil,
      let found = try otherTokenizer(&spec, place, settings, knowsPadding: finding.knowsTokenizer)
    {
      return found
    }
    // A file that exists but cannot be used is not CLIP's; open_clip does not read any.
    let hasFiles = TokenizerSpec.Kind.allCases.contains { place.files(of: $0, expected: $0) != nil }
    if isCLIP, options.tokenizer == nil, text.vocabulary == CLIPVocabularyFile.size, !isTransformers || !hasFiles {
      if isTransformers {
        notes.append(
          "There are no tokenizer files in '\(path.isEmpty ? "." : path)': CLIP's own vocabulary, which has as many tokens as "
            + "the table, is used.")
      }
      return FoundTokenizer(files: [.clipVocabulary], tokenizer: try CLIPVocabularyFile.tokenizer(spec))
    }
    guard options.tokenizer == nil else { throw missing }
    let source = spec.source.map { ", of \($0)" } ?? ""
    if hasFiles {
      notes.append("The tokenizer beside the weights cannot be used: without one the model takes no text.")
      return nil
    }
    notes.append(
      "There are no tokenizer files (\(spec.kind.rawValue)\(source)) in '\(path.isEmpty ? "." : path)': without them the model "
        + "takes no text.")
    return nil
  }

  /// What transformers does to a prompt of a SigLIP model depends on the tokenizer's class.
  private mutating func adoptSigLIP(
    _ spec: inout TokenizerSpec, _ place: TokenizerPlace, _ settings: TokenizerSettings
  ) throws {
    if !settings.isEmpty, settings.strings("model_input_names") != ["input_ids"] {
      notes.append(
        "The text tower sees the padding of a prompt, as in SigLIP's training; transformers hides it, since model_input_names of "
          + "\(TokenizerFileNames.config) is not [\"input_ids\"], and gives other similarities.")
    }
    let model = place.files(of: .sentencePiece, expected: .sentencePiece)
    guard let name = settings.className ?? (model == nil ? nil : "SiglipTokenizer") else { return }
    guard name == "SiglipTokenizer" else {
      notes.append(
        "Prompts are made lower case and lose their punctuation, as in training; transformers' \(name) does not do both."
      )
      return
    }
    if settings.bool("do_lower_case") == false {
      throw ConvertError.unusableValue(
        file: joinPath(place.folder, TokenizerFileNames.config), key: "do_lower_case", value: "false",
        remedy: "zoo runs SigLIP's tokenizer on lower case alone")
    }
    spec.clean = .siglip
    if model != nil { spec.kind = .sentencePiece }
  }

  /// Notes settings in `tokenizer_config.json` that nothing reads. open_clip's own tokenizer reads none of them.
  private mutating func noteKeys(
    _ place: TokenizerPlace, _ settings: TokenizerSettings, _ spec: TokenizerSpec
  ) throws {
    let isCLIP = spec.kind == .clipHF
    let sides = try settings.sides(in: place.url)
    if let side = sides.left.first {
      throw ConvertError.unusableValue(
        file: joinPath(place.folder, TokenizerFileNames.json), key: "\(side).direction", value: "\"Left\"",
        remedy: rightSideOnly)
    }
    let file = joinPath(place.folder, TokenizerFileNames.config)
    let stated = [
      ("max_length", TokenizerFileNames.config, settings.int("max_length")),
      ("truncation.max_length", TokenizerFileNames.json, sides.maxLength),
    ]
    for case (let key, let name, let limit?) in stated where limit < spec.maxTokens ?? spec.contextLength {
      notes.append(
        "Prompts are cut at \(spec.maxTokens ?? spec.contextLength) tokens; a processor of transformers that is called without a length cuts "
          + "them at \(limit) (\(key) of \(name)).")
    }
    guard fileExists(file) else { return }
    notes += try ZooConvert.notes(
      onKeysOf: file, by: isCLIP ? tokenizerKeys : tokenizerKeys.merging(otherTokenizerKeys) { $1 })
  }

  /// CLIP's own byte-pair encoding, with a custom vocabulary or added tokens if the files have them.
  private mutating func clipTokenizer(
    _ spec: inout TokenizerSpec, _ place: TokenizerPlace, _ finding: Candidate
  ) throws -> FoundTokenizer? {
    func name(_ files: [String]) -> String { files.joined(separator: " with ") }
    let survey: CLIPSurvey
    do throws(TextError) {
      guard let found = try CLIPSurvey(place.url, only: place.file) else { return nil }
      survey = found
    } catch {
      guard case .unsupported = error else { throw error }
      notes.append("The tokenizer beside the weights is not CLIP's: \(error).")
      return nil
    }
    for other in survey.differing {
      notes.append(
        "\(name(survey.chosen)) and \(name(other)) hold different tokenizers: \(name(survey.chosen)) is used, as transformers does."
      )
    }
    for failure in survey.unreadable { notes.append("\(name(failure.files)) is not used: \(failure.reason).") }
    if spec.kind == .clipBPE, survey.hasNewTokens {
      notes.append("The tokenizer beside the weights has added tokens: it is run as transformers runs it.")
      (spec.kind, spec.clean) = (.clipHF, .none)
    }
    // What follows the end of a text does not matter: the id is only used if the tokens are unusual.
    if spec.kind == .clipHF, !survey.isPlain { spec.padID = survey.padID }
    let isBuiltIn =
      survey.isStandard && survey.chosen == [TokenizerFileNames.json] && options.tokenizer == nil
      && finding.architecture.text?.vocabulary == CLIPVocabularyFile.size
    return FoundTokenizer(
      files: isBuiltIn ? [.clipVocabulary] : place.paths(survey.files).map(TokenizerFile.path),
      tokenizer: try survey.tokenizer(spec))
  }

  /// The tokenizer of the expected kind, or another one that does its work. The padding id comes from the files unless a manifest knows it.
  private mutating func otherTokenizer(
    _ spec: inout TokenizerSpec, _ place: TokenizerPlace, _ settings: TokenizerSettings, knowsPadding: Bool
  ) throws -> FoundTokenizer? {
    let wanted = spec.kind, isCLIP = wanted.isCLIP
    let others: [TokenizerSpec.Kind] = [.tokenizerJSON, .sentencePiece, .wordPiece]
    for kind in (isCLIP ? [] : [wanted]) + others.filter({ $0 != wanted }) {
      guard let names = place.files(of: kind, expected: wanted) else { continue }
      if kind != wanted {
        notes.append("The tokenizer beside the weights is \(kind.rawValue), not \(wanted.rawValue).")
        spec.kind = kind
        if isCLIP { spec.clean = .none }
      }
      if !knowsPadding && kind != .tiktoken || isCLIP {
        if let id = try settings.padID(in: place.url) {
          spec.padID = id
        } else {
          notes.append("The tokenizer's files do not say how it pads: \(spec.padID) is taken.")
        }
      }
      if spec.frame == .clips { try readCLIPSTokens(&spec, settings, place.urls(names)) }
      // Unusual roles are only in the settings.
      let settings = spec.frame == nil ? [] : place.settings
      return FoundTokenizer(
        files: place.paths(names + settings).map(TokenizerFile.path),
        tokenizer: try loadTokenizer(spec, files: place.urls(names)))
    }
    return nil
  }

  /// Reads the ids for open_clip's "clips" from the tokenizer's special tokens.
  private func readCLIPSTokens(_ spec: inout TokenizerSpec, _ settings: TokenizerSettings, _ files: [URL]) throws {
    var plain = spec
    (plain.clean, plain.frame) = (.none, nil)
    let tokenizer = try loadTokenizer(plain, files: files)
    func id(_ role: String) throws -> Int {
      guard let token = settings.token(role), let id = tokenizer.pieces(token).first, tokenizer.pieces(token).count == 1
      else {
        throw ConvertError.configuration(
          file: path,
          reason: "tokenizer_mode is \"clips\", but the tokenizer's files name no \(role); "
            + "--tokenizer FOLDER takes the model's own tokenizer")
      }
      return Int(id)
    }
    (spec.bosID, spec.eosID) = (try id("bos_token"), try id("eos_token"))
    (spec.padID, spec.classID) = (try id("pad_token"), try id("cls_token"))
  }

  /// Checks that the ids of a tokenizer are those of a text tower.
  private mutating func check(_ found: FoundTokenizer, against finding: Candidate) throws {
    guard let text = finding.architecture.text else { return }
    let size = found.tokenizer.vocabularySize, empty = found.tokenizer.encode("")
    let name = found.files.map(\.name).joined(separator: " and ")
    func refuse(_ reason: String) -> ConvertError {
      .configuration(file: name, reason: "\(reason); --tokenizer FOLDER takes the model's own tokenizer")
    }
    if let id = empty.first(where: { $0 >= text.vocabulary }) {
      throw refuse("every prompt has the id \(id), and the embedding table has \(text.vocabulary) rows")
    }
    // A prompt that fills the context has no padding, which often has the id of the end of text.
    let spec = finding.architecture.text?.tokenizer ?? text.tokenizer, limit = spec.maxTokens ?? spec.contextLength
    let full = found.tokenizer.encode(String(repeating: "a ", count: 2 * limit)).prefix(limit)
    if text.pooling == .argmax, let id = empty.max(), !full.contains(id) {
      throw refuse("prompts are pooled at the id \(id), the largest, which only this tokenizer's padding has")
    }
    if case .endOfText(let id) = text.pooling, full.last != Int32(clamping: id) {
      throw refuse("prompts are pooled at the id \(id), which this tokenizer does not put at the end of a text")
    }
    if size > text.vocabulary {
      notes.append(
        "The tokenizer has \(size) ids and the embedding table \(text.vocabulary) rows: prompts that need the others are "
          + "refused.")
    } else if size * 10 < text.vocabulary * 9 {
      notes.append(
        "The tokenizer has \(size) ids and the embedding table \(text.vocabulary) rows: it may be that of another model."
      )
    }
    if text.pooling == .argmax, let largest = empty.max(), min(size, text.vocabulary) > Int(largest) + 1 {
      notes.append(
        "The text tower is pooled at the largest id, and some are larger than the end of a text (\(largest)): prompts with "
          + "such a token are pooled there.")
    }
  }
}
