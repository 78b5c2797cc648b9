import Foundation
import ZooJSON
import ZooModels

/// What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` beside a vocabulary say, as read by transformers 5. Files may be
/// missing.
package struct TokenizerSettings: Sendable {
  /// The class without the suffix `Fast`.
  package private(set) var className: String?
  /// The tokens with a role, by key (`bos_token`), without ids.
  private(set) var roles: [String: AddedTokens.Token] = [:]
  /// Added tokens with the ids that the files state.
  private(set) var added: [AddedTokens.Token] = []
  /// Additional special tokens, without ids.
  private(set) var extra: [AddedTokens.Token] = []
  private let config: JSONNode?

  /// Empty settings.
  init() { config = nil }

  package init(in folder: URL) throws(TextError) {
    func read(_ name: String) throws(TextError) -> JSONNode? {
      let file = folder.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return nil }
      return JSONNode(value: try JSONValue(try readTokenizerFile(file), file: name), file: name, path: "")
    }
    config = try read(TokenizerFileNames.config)
    if let config { try readRoles(config) }
    if let name = try config?.optional("tokenizer_class")?.text() {
      className = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
    }
    if let decoder = config?.optional("added_tokens_decoder") {
      // The older files are then ignored.
      for (id, token) in try decoder.members() { added.append(try AddedTokens.Token(token, id: Int(id))) }
    } else {
      if let map = try read(TokenizerFileNames.specialTokens) { try readRoles(map) }
      let special = Set((roles.values + extra).map(\.content))
      for (content, id) in try read(TokenizerFileNames.addedTokens)?.members() ?? [] {
        let content = [UInt8](content.utf8)
        added.append(
          AddedTokens.Token(
            content: content, id: try checkedID(id.value.int, of: content, file: id.file, field: id.path),
            isNormalized: !special.contains(content)))
      }
    }
  }

  private mutating func readRoles(_ node: JSONNode) throws(TextError) {
    for (key, value) in try node.members() {
      if ["extra_special_tokens", "additional_special_tokens"].contains(key) {
        let list = value.value.array == nil ? try value.members().map(\.value) : Array(try value.elements())
        extra += try list.map(AddedTokens.Token.init(unplaced:))
      } else if key.hasSuffix("_token"), value.value.bytes != nil || value.optional("content") != nil {
        roles[key] = try AddedTokens.Token(unplaced: value)
      }
    }
  }

  /// The text of the token with a role.
  package func token(_ role: String) -> String? { roles[role].map { String(decoding: $0.content, as: UTF8.self) } }

  /// Whether there is no `tokenizer_config.json`.
  package var isEmpty: Bool { config == nil }
  package func strings(_ key: String) -> [String]? {
    config?.optional(key)?.value.array?.compactMap { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
  }
  package func int(_ key: String) -> Int? { config?.optional(key)?.value.int }
  package func bool(_ key: String) -> Bool? { config?.optional(key)?.value.bool }
}

extension AddedTokens.Token {
  /// The id of a token that is not in the vocabulary yet.
  static let unplaced: Int32 = -1

  /// A string or an object without an id.
  fileprivate init(unplaced node: JSONNode) throws(TextError) {
    if let content = node.value.bytes {
      self.init(content: content, id: Self.unplaced)
    } else {
      try self.init(properties: node, id: Self.unplaced)
    }
  }
}

extension TokenizerSettings {
  /// What `tokenizer.json` says about padding and truncation, which transformers adopts if `tokenizer_config.json` does not say.
  package struct Sides: Sendable {
    /// Those of `padding` and `truncation` that are on the left.
    package var left: [String] = []
    /// The number of tokens that a prompt is truncated to.
    package var maxLength: Int?
  }

  package func sides(in folder: URL) throws(TextError) -> Sides {
    var sides = Sides()
    let file = folder.appending(path: TokenizerFileNames.json)
    guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { return sides }
    let bytes = try readTokenizerFile(file)
    // Most files are long and have neither.
    guard bytes.firstRange(of: "\"direction\"".utf8) != nil else { return sides }
    let root = try JSONValue(bytes, file: TokenizerFileNames.json)
    sides.left = ["padding", "truncation"].filter {
      config?.optional("\($0)_side") == nil && root[$0]?["direction"]?.text == "Left"
    }
    sides.maxLength = root["truncation"]?["max_length"]?.int
    return sides
  }

  /// The id for padding, if the files state one.
  package func padID(in folder: URL) throws(TextError) -> Int? {
    guard let token = roles["pad_token"] else { return nil }
    if let known = added.first(where: { $0.content == token.content }) { return Int(known.id) }
    let file = folder.appending(path: TokenizerFileNames.json)
    if FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) {
      let name = TokenizerFileNames.json
      let root = JSONNode(value: try JSONValue(try readTokenizerFile(file), file: name), file: name, path: "")
      let tokens = try AddedTokens.all(in: root)
      return tokens.first { $0.content == token.content }.map { Int($0.id) }
    }
    // The special pieces of T5's and SigLIP's vocabularies.
    return ["<pad>": 0, "</s>": 1, "<unk>": 2][String(decoding: token.content, as: UTF8.self)]
  }
}
