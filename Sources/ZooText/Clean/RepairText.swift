/// Repairs text like ftfy's `fix_text`: entities, text in the wrong encoding, terminal escapes, control characters, ligatures, width forms, quotation
/// marks, line breaks, NFC. Only the frequent wrong encodings are known (`Mojibake`); text in others keeps the ids of its characters.
///
/// Works line by line, repeating each until nothing changes, like ftfy.
func repairText(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  // Most prompts need no repair: no control characters, no entities, all ASCII.
  if text.allSatisfy({ (0x20..<0x7F).contains($0.value) && $0 != "&" }) { return text }
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  // The first line with a "<" shows that this is markup: entities are kept from there on.
  var unescapes = true
  var start = 0
  while start < text.count {
    let end = text[start...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
    var line = Array(text[start..<end])
    unescapes = unescapes && !line.contains("<")
    // Every step shortens the line or brings it closer to a fixed point; the bound is a safeguard.
    for _ in 0..<32 {
      let next = repairOnce(line, unescapes: unescapes)
      if next == line { break }
      line = next
    }
    result.append(contentsOf: line)
    start = end
  }
  return result
}

private func repairOnce(_ line: [Unicode.Scalar], unescapes: Bool) -> [Unicode.Scalar] {
  var text = unescapes ? HTMLEntities.unescapeClosed(line) : line
  text = substitute(Mojibake.repaired(text))
  text = removeTerminalEscapes(joinLineBreaks(text))
  text.removeAll(where: \.isUnwantedControl)
  return Normalization.nfc(text)
}

/// C1 controls, ligatures, width forms and quotation marks: substitutions that depend on a single scalar.
private func substitute(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  if text.allSatisfy({ $0.value < 0x80 }) { return text }
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  for scalar in text {
    for part in splitLigature(fixedC1(scalar)) {
      for wide in standardWidth(part) { result.append(straightQuote(wide)) }
    }
  }
  return result
}

private func fixedC1(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
  (0x80...0x9F).contains(scalar.value) ? HTMLEntities.windows1252(scalar.value) : scalar
}

/// Latin ligatures and digraphs; those of other scripts may be intended.
private func splitLigature(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
  switch scalar.value {
  case 0x132: ["I", "J"]
  case 0x133: ["i", "j"]
  case 0x149: ["\u{2BC}", "n"]
  case 0x1C4: ["D", "\u{17D}"]
  case 0x1C5: ["D", "\u{17E}"]
  case 0x1C6: ["d", "\u{17E}"]
  case 0x1C7: ["L", "J"]
  case 0x1C8: ["L", "j"]
  case 0x1C9: ["l", "j"]
  case 0x1CA: ["N", "J"]
  case 0x1CB: ["N", "j"]
  case 0x1CC: ["n", "j"]
  case 0x1F1: ["D", "Z"]
  case 0x1F2: ["D", "z"]
  case 0x1F3: ["d", "z"]
  case 0xFB00: ["f", "f"]
  case 0xFB01: ["f", "i"]
  case 0xFB02: ["f", "l"]
  case 0xFB03: ["f", "f", "i"]
  case 0xFB04: ["f", "f", "l"]
  case 0xFB05: ["\u{17F}", "t"]
  case 0xFB06: ["s", "t"]
  default: [scalar]
  }
}

/// Full-width Latin, half-width katakana and Hangul, the ideographic space.
private func standardWidth(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
  switch scalar.value {
  case 0x3000: [" "]
  case 0xFF01...0xFFEF: Normalization.nfkc([scalar])
  default: [scalar]
  }
}

private func straightQuote(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
  switch scalar.value {
  case 0x2BC, 0x2018...0x201B: "'"
  case 0x201C...0x201F: "\""
  default: scalar
  }
}

/// CR LF, CR, and line and paragraph separators become LF.
private func joinLineBreaks(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  for (index, scalar) in text.enumerated() {
    switch scalar.value {
    case 0x0A where index > 0 && text[index - 1] == "\r": break
    case 0x0D, 0x2028, 0x2029: result.append("\n")
    default: result.append(scalar)
    }
  }
  return result
}

/// ESC `[`, digits and semicolons, one letter.
private func removeTerminalEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  guard text.contains("\u{1B}") else { return text }
  var result: [Unicode.Scalar] = []
  var at = 0
  while at < text.count {
    if let end = terminalEscape(text, at) {
      at = end
    } else {
      result.append(text[at])
      at += 1
    }
  }
  return result
}

private func terminalEscape(_ text: [Unicode.Scalar], _ at: Int) -> Int? {
  guard text[at] == "\u{1B}", at + 1 < text.count, text[at + 1] == "[" else { return nil }
  var end = at + 2
  while end < text.count, text[end] == ";" || text[end].properties.generalCategory == .decimalNumber { end += 1 }
  guard end < text.count, text[end].asciiDigit(radix: 36) ?? 0 >= 10 else { return nil }
  return end + 1
}

extension Unicode.Scalar {
  /// Whether it is a control character without a visible effect. Tabs, line breaks, C1 controls and joiners stay.
  fileprivate var isUnwantedControl: Bool {
    switch value {
    case 0...8, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
    default: false
    }
  }
}
