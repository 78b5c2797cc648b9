import Foundation

/// Normal forms of sequences of scalars.
enum Normalization {
  static func nfd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x80 }) { return text }
    return Array(text.string.decomposedStringWithCanonicalMapping.unicodeScalars)
  }

  static func nfkd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x80 }) { return text }
    return Array(text.string.decomposedStringWithCompatibilityMapping.unicodeScalars)
  }

  static func nfc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Everything below the combining marks is already composed.
    text.allSatisfy { $0.value < 0x300 } ? text : compose(nfd(text))
  }

  static func nfkc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] { compose(nfkd(text)) }

  /// The canonical composition algorithm (Unicode standard, D117). Foundation's own is wrong on Linux if scalars beyond U+FFFF precede combining
  /// marks, so it is only used for pairs below.
  private static func compose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x300 }) { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in text {
      let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
      if let starter, starter == result.count - 1 || lastClass < combiningClass,
        let composed = composite(result[starter], scalar)
      {
        result[starter] = composed
        continue
      }
      if combiningClass == 0 { starter = result.count }
      lastClass = combiningClass
      result.append(scalar)
    }
    return result
  }

  private static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    guard second.canCompose else { return nil }
    if first.value > 0xFFFF || second.value > 0xFFFF { return farComposite(first, second) }
    if let syllable = syllable(first.value, second.value) { return syllable }
    let composed = (nfd([first]) + [second]).string.precomposedStringWithCanonicalMapping.unicodeScalars
    return composed.count == 1 ? composed.first : nil
  }

  /// Hangul (Unicode standard, section 3.12): a leading consonant and a vowel, or both and a final consonant.
  private static func syllable(_ first: UInt32, _ second: UInt32) -> Unicode.Scalar? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return Unicode.Scalar(0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28)
    }
    if (0xAC00..<0xD7A4).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8..<0x11C3).contains(second) {
      return Unicode.Scalar(first + second - 0x11A7)
    }
    return nil
  }

  /// All composites beyond U+FFFF (UnicodeData.txt, version 14).
  private static func farComposite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    switch (first.value, second.value) {
    case (0x11099, 0x110BA): "\u{1109A}"
    case (0x1109B, 0x110BA): "\u{1109C}"
    case (0x110A5, 0x110BA): "\u{110AB}"
    case (0x11131, 0x11127): "\u{1112E}"
    case (0x11132, 0x11127): "\u{1112F}"
    case (0x11347, 0x1133E): "\u{1134B}"
    case (0x11347, 0x11357): "\u{1134C}"
    case (0x114B9, 0x114BA): "\u{114BB}"
    case (0x114B9, 0x114B0): "\u{114BC}"
    case (0x114B9, 0x114BD): "\u{114BE}"
    case (0x115B8, 0x115AF): "\u{115BA}"
    case (0x115B9, 0x115AF): "\u{115BB}"
    case (0x11935, 0x11930): "\u{11938}"
    default: nil
    }
  }
}

extension Unicode.Scalar {
  /// Whether it can be the second half of a composite: a mark, or a vowel or final consonant of Hangul.
  fileprivate var canCompose: Bool {
    if value < 0x300 { return false }
    if (0x1161...0x11C2).contains(value) { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark: return true
    default: return false
    }
  }
}
