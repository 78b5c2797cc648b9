import Foundation
import ZooCheckpoints
import ZooModels
import ZooText

/// The files of a model's tokenizer as another ecosystem expects them.
struct TokenizerExport {
  let spec: TokenizerSpec
  /// Paths of the model's own files.
  let paths: [String]
  /// Whether CLIP's tokenizer differs from open_clip's own.
  var isOwn = false

  func files(for format: ExportFormat) throws -> [(name: String, data: Data)] {
    var files: [(name: String, data: Data)] = try paths.map { path in
      do throws(FileError) {
        return (splitPath(path).name, try readFile(path, limit: Limits.tokenizerBytes, following: false))
      } catch {
        throw ConvertError.configuration(file: path, reason: error.reason)
      }
    }
    guard format == .transformers || isOwn, !paths.isEmpty else { return files }
    if spec.kind.isCLIP, let path = paths.first, splitPath(path).name.hasPrefix("bpe_simple_vocab") {
      let converted = try CLIPVocabularyFile.huggingFaceFiles(of: URL(filePath: path))
      files = [("vocab.json", converted.vocabulary), ("merges.txt", converted.merges)]
    }
    if !files.contains(where: { $0.name == TokenizerFileNames.config }) {
      files.append((TokenizerFileNames.config, try settings().data()))
    }
    return files
  }

  /// `tokenizer_config.json`: the class, and how a prompt is padded.
  private func settings() -> ConfigurationText {
    var fields: [String: ConfigurationText] = ["model_max_length": .integer(spec.maxTokens ?? spec.contextLength)]
    // Otherwise transformers hides the padding from the text tower, but SigLIP's was trained with it.
    if !spec.kind.isCLIP { fields["model_input_names"] = ["input_ids"] }
    switch spec.kind {
    case .clipBPE, .clipHF:
      fields["tokenizer_class"] = "CLIPTokenizer"
      (fields["bos_token"], fields["eos_token"]) = ("<|startoftext|>", "<|endoftext|>")
      (fields["pad_token"], fields["unk_token"]) = ("<|endoftext|>", "<|endoftext|>")
    case .sentencePiece:
      fields["tokenizer_class"] = "SiglipTokenizer"
      (fields["eos_token"], fields["unk_token"]) = ("</s>", "<unk>")
      fields["pad_token"] = spec.padID == 0 ? "<pad>" : "</s>"
      fields["do_lower_case"] = true
    case .tokenizerJSON:
      fields["tokenizer_class"] = "PreTrainedTokenizerFast"
      if let token = padToken { fields["pad_token"] = .text(token) }
    case .wordPiece:
      fields["tokenizer_class"] = "BertTokenizer"
    case .tiktoken: break  // transformers has no such tokenizer.
    }
    return .object(fields)
  }

  /// The token with the padding's id in `tokenizer.json`.
  private var padToken: String? {
    struct File: Decodable {
      struct Added: Decodable { var id: Int, content: String }
      var added_tokens: [Added]?
    }
    guard let path = paths.first, let data = try? readFile(path, limit: Limits.tokenizerBytes) else { return nil }
    let added = (try? JSONDecoder().decode(File.self, from: data))?.added_tokens ?? []
    return added.first { $0.id == spec.padID }?.content
  }
}
