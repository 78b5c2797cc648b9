/// BERT's text cleaning, as in the tokenizers library.
struct BertNormalizer: Sendable {
  var cleansText = true
  var spacesChinese = true
  var stripsAccents = true
  var lowercases = true

  func callAsFunction(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var text = text
    if cleansText {
      text = text.compactMap { $0.value == 0 || $0.value == 0xFFFD || $0.isBertControl ? nil : $0.isSpace ? " " : $0 }
    }
    if spacesChinese { text = text.flatMap { $0.isChinese ? [" ", $0, " "] : [$0] } }
    if stripsAccents { text = Normalization.nfd(text).filter { $0.properties.generalCategory != .nonspacingMark } }
    return lowercases ? lowercasedPerScalar(text) : text
  }
}

extension Unicode.Scalar {
  /// BERT treats tabs and line breaks as spaces and drops all other control, format and private-use characters.
  fileprivate var isBertControl: Bool {
    if value == 9 || value == 10 || value == 13 { return false }
    switch properties.generalCategory {
    case .control, .format, .privateUse, .surrogate, .unassigned: return true
    default: return false
    }
  }

  /// CJK ideographs, in the library's ranges, including their gaps.
  fileprivate var isChinese: Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
      0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  /// Characters that BERT treats as separate words.
  var isBertPunctuation: Bool {
    if value < 0x80 { return isASCIIPunctuation }
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }
}
