import Foundation

/// Normal forms, on scalars.
enum Normalization {
  static func nfc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Everything below the combining marks is composed already.
    if text.allSatisfy({ $0.value < 0x300 }) { return text }
    return Array(text.string.precomposedStringWithCanonicalMapping.unicodeScalars)
  }

  static func nfd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x80 }) { return text }
    return Array(text.string.decomposedStringWithCanonicalMapping.unicodeScalars)
  }

  static func nfkc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x80 }) { return text }
    return Array(text.string.precomposedStringWithCompatibilityMapping.unicodeScalars)
  }

  static func nfkd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x80 }) { return text }
    return Array(text.string.decomposedStringWithCompatibilityMapping.unicodeScalars)
  }
}
