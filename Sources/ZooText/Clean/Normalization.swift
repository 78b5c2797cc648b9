import CVocabulary
import Foundation

/// Unicode's normal forms, on scalars.
enum Normalization {
  static func nfd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    text.allSatisfy { $0.value < 0x80 } ? text : decompose(text) { tables.canonical[$0] }
  }

  static func nfkd(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    text.allSatisfy { $0.value < 0x80 } ? text : decompose(text) { tables.compatible[$0] ?? tables.canonical[$0] }
  }

  static func nfc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Everything below the combining marks is already composed.
    text.allSatisfy { $0.value < 0x300 } ? text : compose(nfd(text))
  }

  static func nfkc(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] { compose(nfkd(text)) }

  /// Scalars have full decompositions in the tables; marks are sorted by their combining classes.
  private static func decompose(
    _ text: [Unicode.Scalar], _ parts: (Unicode.Scalar) -> [Unicode.Scalar]?
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for scalar in text {
      for part in parts(scalar) ?? syllableParts(scalar) ?? [scalar] {
        let combiningClass = part.properties.canonicalCombiningClass
        var place = result.count
        if combiningClass != .notReordered {
          while place > 0, result[place - 1].properties.canonicalCombiningClass > combiningClass { place -= 1 }
        }
        result.insert(part, at: place)
      }
    }
    return result
  }

  /// The canonical composition algorithm (Unicode standard, D117).
  private static func compose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    if text.allSatisfy({ $0.value < 0x300 }) { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in text {
      let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
      if let starter, starter == result.count - 1 || lastClass < combiningClass,
        let composed = syllable(result[starter].value, scalar.value) ?? tables.composed[pair(result[starter], scalar)]
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

  private static func syllableParts(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard (0xAC00..<0xD7A4).contains(scalar.value) else { return nil }
    let index = scalar.value - 0xAC00, final = index % 28
    let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28] + (final > 0 ? [0x11A7 + final] : [])
    return parts.compactMap(Unicode.Scalar.init)
  }

  private static func pair(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  private struct Tables {
    /// Full decompositions; compatibility ones only if they differ.
    var canonical: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    var compatible: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    /// The keys are made by `pair`.
    var composed: [UInt64: Unicode.Scalar] = [:]
  }

  /// Unicode 16. Foundation's normal forms are not used: on Linux they need ICU, and their composition is wrong beyond U+FFFF.
  private static let tables: Tables = {
    let packed = [UInt8](Data(bytes: zoo_decompositions_bytes(), count: zoo_decompositions_size))
    guard let rows = try? gunzip(packed, file: "", limit: 1 << 20) else { preconditionFailure("the table is whole") }
    var tables = Tables()
    for row in rows.split(separator: UInt8(ascii: "\n")) {
      let words = row.split(separator: UInt8(ascii: " "))
      let scalars = words.dropFirst().compactMap { word in
        UInt32(String(decoding: word, as: UTF8.self), radix: 16).flatMap(Unicode.Scalar.init)
      }
      switch row.first {
      case UInt8(ascii: "="): tables.canonical[scalars[0]] = Array(scalars.dropFirst())
      case UInt8(ascii: "~"): tables.compatible[scalars[0]] = Array(scalars.dropFirst())
      default: tables.composed[pair(scalars[1], scalars[2])] = scalars[0]
      }
    }
    return tables
  }()
}

extension String {
  /// The text in normal form C.
  package var composed: String { Normalization.nfc(Array(unicodeScalars)).string }
}
