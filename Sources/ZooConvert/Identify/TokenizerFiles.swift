import Foundation
import ZooModels

/// The files of a tokenizer beside the weights, and what they say that nothing else does.
struct TokenizerFiles {
  var kind: TokenizerSpec.Kind
  var paths: [String]

  /// The names under which each kind is found, in order of preference; each inner list stands together.
  private static let names: [(TokenizerSpec.Kind, [[String]])] = [
    (.clipBPE, [["bpe_simple_vocab_16e6.txt.gz"], ["bpe_simple_vocab_16e6.txt"], ["vocab.json", "merges.txt"]]),
    (.tokenizerJSON, [["tokenizer.json"]]),
    (.sentencePiece, [["spiece.model"], ["sentencepiece.model"], ["tokenizer.model"]]),
    (.wordPiece, [["vocab.txt"]]),
  ]

  /// Finds the files of `kind` in a folder, or of another kind that does its work; a path to a file is that file.
  static func find(_ kind: TokenizerSpec.Kind, at place: String) -> TokenizerFiles? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.isEmpty ? "." : place, isDirectory: &isFolder) else {
      return nil
    }
    if !isFolder.boolValue {
      let name = splitPath(place).name
      let found = names.first { $0.1.contains { $0.contains(name) } }?.0
      let byEnding: TokenizerSpec.Kind? = name.hasSuffix(".model") ? .sentencePiece : nil
      let siblings = names.flatMap(\.1).first { $0.contains(name) } ?? [name]
      return TokenizerFiles(
        kind: found ?? byEnding ?? kind, paths: siblings.map { joinPath(splitPath(place).parent, $0) })
    }
    let others: [TokenizerSpec.Kind] = kind == .clipBPE ? [] : [.tokenizerJSON, .sentencePiece, .wordPiece]
    for kind in [kind] + others {
      for group in names.first(where: { $0.0 == kind })?.1 ?? [] {
        let paths = group.map { joinPath(place, $0) }
        if paths.allSatisfy(fileExists) { return TokenizerFiles(kind: kind, paths: paths) }
      }
    }
    return nil
  }

  /// The id with which the tokenizer in a folder pads, if its files say so.
  static func padID(in folder: String) -> Int? {
    struct Settings: Decodable { var padToken: PadToken? }
    let settings = ["tokenizer_config.json", "special_tokens_map.json"].compactMap {
      let path = joinPath(folder, $0)
      return fileExists(path) ? try? readJSON(Settings.self, path).padToken?.content : nil
    }
    guard let token = settings.first else { return nil }
    struct Tokenizer: Decodable {
      struct Added: Decodable { var id: Int, content: String }
      var addedTokens: [Added]?
    }
    let path = joinPath(folder, "tokenizer.json")
    if fileExists(path), let added = try? readLargeJSON(Tokenizer.self, path).addedTokens {
      return added.first { $0.content == token }?.id
    }
    // The special pieces of T5's and SigLIP's vocabularies.
    return ["<pad>": 0, "</s>": 1, "<unk>": 2][token]
  }

  private enum PadToken: Decodable {
    case text(String)
    var content: String { if case .text(let text) = self { text } else { "" } }

    init(from decoder: any Decoder) throws {
      struct Token: Decodable { var content: String }
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        self = .text(text)
      } else {
        self = .text(try Token(from: decoder).content)
      }
    }
  }
}

/// A tokenizer.json, which may have tens of megabytes.
private func readLargeJSON<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  guard let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size < 128 << 20 else {
    throw ConvertError.configuration(file: path, reason: "it is too large")
  }
  return try decoder.decode(type, from: Data(contentsOf: URL(filePath: path)))
}
