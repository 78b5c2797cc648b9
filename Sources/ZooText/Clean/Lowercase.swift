/// Lower case scalar by scalar, like Rust's `char::to_lowercase` (the tokenizers library).
func lowercasedPerScalar(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  for scalar in text { appendLowercase(scalar, to: &result) }
  return result
}

/// Lower case like Python's `str.lower`: scalar by scalar, but a capital sigma that ends a word becomes a final sigma.
func lowercasedAsPython(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  for (index, scalar) in text.enumerated() {
    if scalar == "Σ" {
      result.append(endsWord(text, index) ? "ς" : "σ")
    } else {
      appendLowercase(scalar, to: &result)
    }
  }
  return result
}

private func appendLowercase(_ scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]) {
  if scalar.value < 0x80 {
    result.append((0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar)
  } else {
    result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
  }
}

/// The Final_Sigma condition of the Unicode standard (table 3-17): a cased letter before, none after, case-ignorables skipped.
private func endsWord(_ text: [Unicode.Scalar], _ index: Int) -> Bool {
  func firstRelevantIsCased(_ indices: some Sequence<Int>) -> Bool {
    for index in indices where !text[index].properties.isCaseIgnorable { return text[index].properties.isCased }
    return false
  }
  return firstRelevantIsCased((0..<index).reversed()) && !firstRelevantIsCased(index + 1..<text.count)
}
