/// Text is processed as Unicode scalars: `Character` would join what tokenizers keep apart.
extension Unicode.Scalar {
  /// What Python's `str.split` and `str.strip` call whitespace: White_Space and the four separators U+001C...U+001F.
  var isPythonSpace: Bool { isSpace || (0x1C...0x1F).contains(value) }

  /// White_Space, the `\s` of regular expressions.
  var isSpace: Bool {
    value < 0x80 ? value == 0x20 || (9...13).contains(value) : properties.isWhitespace
  }

  /// `\p{L}`.
  var isLetter: Bool {
    if value < 0x80 { return (0x61...0x7A).contains(value) || (0x41...0x5A).contains(value) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return false
    }
  }

  /// `\p{N}`.
  var isNumber: Bool {
    if value < 0x80 { return (0x30...0x39).contains(value) }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }

  var isASCIIAlphanumeric: Bool { asciiDigit(radix: 36) != nil }

  /// The value of an ASCII digit; letters start at ten.
  func asciiDigit(radix: UInt32) -> UInt32? {
    let digit: UInt32
    switch value {
    case 0x30...0x39: digit = value - 0x30
    case 0x41...0x5A: digit = value - 0x41 + 10
    case 0x61...0x7A: digit = value - 0x61 + 10
    default: return nil
    }
    return digit < radix ? digit : nil
  }

  /// ``!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~``
  var isASCIIPunctuation: Bool {
    switch value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  /// Appends the scalar's UTF-8.
  func appendUTF8(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: UTF8.encode(self) ?? UTF8.encodedReplacementCharacter)
  }
}

extension Sequence<Unicode.Scalar> {
  var utf8: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(underestimatedCount)
    for scalar in self { scalar.appendUTF8(to: &bytes) }
    return bytes
  }

  var string: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: self)
    return String(view)
  }
}

/// UTF-8 as scalars; damaged sequences become U+FFFD.
func scalars(_ utf8: some Sequence<UInt8>) -> [Unicode.Scalar] {
  Array(String(decoding: Array(utf8), as: UTF8.self).unicodeScalars)
}
