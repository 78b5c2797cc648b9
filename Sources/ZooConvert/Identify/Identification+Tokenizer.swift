import Foundation
import ZooModels
import ZooText

/// A tokenizer that was found: what reads it and the files to copy.
struct FoundTokenizer {
  let files: [TokenizerFile]
  let tokenizer: any Tokenizer
}

extension Identification {
  /// The tokenizer's files: the caller's, or those beside the weights, or CLIP's own vocabulary. Without any, a note says that the model
  /// takes no text.
  ///
  /// Throws where the caller's tokenizer cannot be read, and where a tokenizer cannot be that of the text tower.
  mutating func tokenizer(_ finding: inout Finding) throws -> [TokenizerFile] {
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

  private mutating func search(_ finding: inout Finding, _ text: TextTower) throws -> FoundTokenizer? {
    let isTransformers = layout.name == Layout.transformersCLIP.name
    if isTransformers, text.tokenizer.kind == .clipBPE { finding.architecture.text?.tokenizer.clean = .clip }
    let path = options.tokenizer ?? splitPath(path).parent
    guard let place = TokenizerPlace(path) else { throw TextError.missing(folder: path, needed: "a tokenizer's files") }
    let settings = try TokenizerSettings(in: place.url)
    // open_clip cuts at the length of the positions, transformers at what the tokenizer says.
    if isTransformers, let limit = settings.int("model_max_length"), limit < text.contextLength {
      finding.architecture.text?.tokenizer.maxTokens = limit
      notes.append("Prompts are cut at \(limit) tokens (model_max_length), not at \(text.contextLength).")
    }
    // In a layout of transformers the class says what the files are; elsewhere the configuration or the manifest does.
    let isCLIP =
      text.tokenizer.kind == .clipBPE && (!isTransformers || settings.className ?? "CLIPTokenizer" == "CLIPTokenizer")
    if isCLIP, let found = try clipTokenizer(&finding, place) { return found }
    let canBeOther = text.tokenizer.kind != .clipBPE || !isCLIP || options.tokenizer != nil
    if canBeOther, let found = try otherTokenizer(&finding, place, settings) { return found }
    if isCLIP, options.tokenizer == nil, text.vocabulary == CLIPVocabularyFile.size {
      return try FoundTokenizer(
        files: [.clipVocabulary], tokenizer: CLIPVocabularyFile.tokenizer(finding.architecture.text?.tokenizer ?? text.tokenizer))
    }
    let source = text.tokenizer.source.map { ", of \($0)" } ?? ""
    notes.append(
      "There are no tokenizer files (\(text.tokenizer.kind.rawValue)\(source)) in '\(path.isEmpty ? "." : path)': without "
        + "them the model takes no text.")
    return nil
  }

  /// CLIP's own byte-pair encoding, with a vocabulary of its own or added tokens where the files have them.
  private mutating func clipTokenizer(_ finding: inout Finding, _ place: TokenizerPlace) throws -> FoundTokenizer? {
    let survey: CLIPSurvey?
    do {
      survey = try CLIPSurvey(place.url, only: place.file)
    } catch let error as TextError {
      guard case .unsupported = error else { throw error }
      // Another kind of tokenizer.json.
      survey = nil
    }
    guard let survey else { return nil }
    for other in survey.differing {
      notes.append(
        "\(survey.chosen.joined(separator: " and ")) and \(other.joined(separator: " and ")) hold different tokenizers: "
          + "\(survey.chosen.joined(separator: " and ")) is used\(survey.chosen == [TokenizerFileNames.json] ? ", as transformers does" : "").")
    }
    for failure in survey.unreadable {
      notes.append("\(failure.files.joined(separator: " and ")) is not used: \(failure.reason).")
    }
    guard var spec = finding.architecture.text?.tokenizer else { return nil }
    if spec.clean != .clip, survey.hasNewTokens {
      notes.append("The tokenizer beside the weights has added tokens: it is run as transformers runs it.")
      spec.clean = .clip
    }
    // Behind the end of a text nothing counts; transformers' id is only kept where its other settings are.
    if spec.clean == .clip, !survey.isPlain { spec.padID = survey.padID }
    finding.architecture.text?.tokenizer = spec
    let isBuiltIn =
      survey.isStandard && survey.chosen == [TokenizerFileNames.json] && options.tokenizer == nil
      && finding.architecture.text?.vocabulary == CLIPVocabularyFile.size
    return FoundTokenizer(
      files: isBuiltIn ? [.clipVocabulary] : place.paths(survey.files).map(TokenizerFile.path),
      tokenizer: try survey.tokenizer(spec))
  }

  /// The tokenizer of the expected kind, or of another that does its work. The padding id is the files' unless a manifest knows it.
  private mutating func otherTokenizer(
    _ finding: inout Finding, _ place: TokenizerPlace, _ settings: TokenizerSettings
  ) throws -> FoundTokenizer? {
    guard var spec = finding.architecture.text?.tokenizer else { return nil }
    let wanted = spec.kind
    let kinds = [wanted] + [.tokenizerJSON, .sentencePiece, .wordPiece].filter { $0 != wanted }
    for kind in kinds where kind != .clipBPE {
      guard let names = place.files(of: kind, expected: wanted) else { continue }
      if kind != wanted {
        notes.append("The tokenizer is \(kind.rawValue) (\(names[0])), not \(wanted.rawValue).")
        spec.kind = kind
        if wanted == .clipBPE { spec.clean = .none }
      }
      if !finding.knowsTokenizer || wanted == .clipBPE {
        if let id = try settings.padID(in: place.url) {
          spec.padID = id
        } else {
          notes.append("The tokenizer's files do not say how it pads: \(spec.padID) is taken.")
        }
      }
      finding.architecture.text?.tokenizer = spec
      return FoundTokenizer(
        files: place.paths(names).map(TokenizerFile.path),
        tokenizer: try loadTokenizer(spec, files: place.urls(names)))
    }
    return nil
  }

  /// Whether the ids of a tokenizer are those of a text tower.
  private mutating func check(_ found: FoundTokenizer, against finding: Finding) throws {
    guard let text = finding.architecture.text else { return }
    let size = found.tokenizer.vocabularySize, empty = found.tokenizer.encode("")
    let name = found.files.map(\.name).joined(separator: " and ")
    func refuse(_ reason: String) -> ConvertError {
      .configuration(file: name, reason: "\(reason); --tokenizer FOLDER takes the model's own tokenizer")
    }
    if let id = empty.first(where: { $0 >= text.vocabulary }) {
      throw refuse("every prompt has the id \(id), and the embedding table has \(text.vocabulary) rows")
    }
    if case .endOfText(let id) = text.pooling, !empty.contains(Int32(clamping: id)) {
      throw refuse("prompts are pooled at the id \(id), which this tokenizer does not put at the end of a text")
    }
    if size > text.vocabulary {
      notes.append(
        "The tokenizer has \(size) ids and the embedding table \(text.vocabulary) rows: prompts that need the others are "
          + "refused.")
    } else if size * 10 < text.vocabulary * 9 {
      notes.append(
        "The tokenizer has \(size) ids and the embedding table \(text.vocabulary) rows: it may be that of another model.")
    }
    if text.pooling == .argmax, let largest = empty.max(), min(size, text.vocabulary) > Int(largest) + 1 {
      notes.append(
        "The text tower is pooled at the largest id, and some are larger than the end of a text (\(largest)): prompts with "
          + "such a token are pooled there.")
    }
  }
}
