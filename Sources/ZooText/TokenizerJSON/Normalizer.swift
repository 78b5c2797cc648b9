import Foundation

/// The normalisers of the tokenizers library that supported models use.
indirect enum Normalizer: Sendable {
  case sequence([Normalizer])
  case nfc, nfd, nfkc, nfkd
  case lowercase
  case strip(left: Bool, right: Bool)
  case stripAccents
  case replace(Pattern, [Unicode.Scalar])
  case prepend([Unicode.Scalar])
  case precompiled(Charsmap)
  case bert(BertNormalizer)

  /// What transformers' `CLIPTokenizer` does to a text, whatever its `tokenizer.json` says.
  static let clip = sequence([
    .nfc, .replace(.run(Pattern.ScalarClass(includesSpace: true), minimum: 1), [" "]), .lowercase,
  ])

  init(_ node: JSONNode) throws(TextError) {
    switch try node.type() {
    case "Sequence": self = .sequence(try node.elements("normalizers").map(Normalizer.init))
    case "NFC": self = .nfc
    case "NFD": self = .nfd
    case "NFKC": self = .nfkc
    case "NFKD": self = .nfkd
    case "Lowercase": self = .lowercase
    case "Strip":
      self = .strip(
        left: try node.bool("strip_left", default: true), right: try node.bool("strip_right", default: true))
    case "StripAccents": self = .stripAccents
    case "Replace":
      self = .replace(try Pattern(try node.member("pattern")), scalars(try node.member("content").bytes()))
    case "Prepend": self = .prepend(scalars(try node.member("prepend").bytes()))
    case "Precompiled":
      guard let blob = Data(base64Encoded: try node.text("precompiled_charsmap")) else {
        throw node.problem("precompiled_charsmap is not base64")
      }
      self = blob.isEmpty ? .sequence([]) : .precompiled(try Charsmap([UInt8](blob), file: node.file))
    case "BertNormalizer":
      let lowercase = try node.bool("lowercase", default: true)
      self = .bert(
        BertNormalizer(
          cleansText: try node.bool("clean_text", default: true),
          spacesChinese: try node.bool("handle_chinese_chars", default: true),
          stripsAccents: try node.bool("strip_accents", default: lowercase), lowercases: lowercase))
    case let other: throw node.unsupported("the normaliser \(other)")
    }
  }

  func callAsFunction(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    switch self {
    case .sequence(let steps): return steps.reduce(text) { $1($0) }
    case .nfc: return Normalization.nfc(text)
    case .nfd: return Normalization.nfd(text)
    case .nfkc: return Normalization.nfkc(text)
    case .nfkd: return Normalization.nfkd(text)
    case .lowercase: return lowercasedPerScalar(text)
    case .strip(let left, let right):
      var rest = text[...]
      if left { rest = rest.drop(while: \.isSpace) }
      if right { while rest.last?.isSpace == true { rest.removeLast() } }
      return Array(rest)
    case .stripAccents: return text.filter { $0.properties.generalCategory != .nonspacingMark }
    case .replace(let pattern, let content): return replace(pattern, content, in: text)
    case .prepend(let prefix): return text.isEmpty ? [] : prefix + text
    case .precompiled(let charsmap): return precompiled(charsmap, text)
    case .bert(let bert): return bert(text)
    }
  }

  private func replace(_ pattern: Pattern, _ content: [Unicode.Scalar], in text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var at = 0
    for match in pattern.matches(text) {
      result.append(contentsOf: text[at..<match.lowerBound])
      result.append(contentsOf: content)
      at = match.upperBound
    }
    return result + text[at...]
  }

  /// Like the crate `spm_precompiled`, which differs from SentencePiece: whole grapheme clusters below six bytes first, then scalars, and always the
  /// shortest key.
  private func precompiled(_ charsmap: Charsmap, _ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for cluster in text.string {
      let bytes = [UInt8](cluster.utf8)
      if bytes.count < 6, let match = charsmap.lookUp(bytes, from: 0, .shortest) {
        result.append(contentsOf: match.replacement)
        continue
      }
      for scalar in cluster.unicodeScalars {
        let bytes = [scalar].utf8
        result.append(contentsOf: charsmap.lookUp(bytes, from: 0, .shortest)?.replacement ?? bytes[...])
      }
    }
    return scalars(result)
  }
}
