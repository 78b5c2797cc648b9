import ZooModels

extension TokenizerSpec.Clean {
  /// The cleaned prompt, before it is split into pieces, as text.
  package func cleaned(_ prompt: String) -> String { self(prompt).string }

  /// The cleaned prompt, before it is split into pieces: open_clip's `basic_clean`, `whitespace_clean` and `canonicalize_text`.
  func callAsFunction(_ prompt: String) -> [Unicode.Scalar] {
    let text = Array(prompt.unicodeScalars)
    switch self {
    case .none: return text
    case .whitespace: return collapseWhitespace(basicClean(text))
    case .lower: return lowercasedAsPython(collapseWhitespace(basicClean(text)))
    case .asciiLower:
      return text.map { ("A"..."Z").contains($0) ? Unicode.Scalar(UInt8($0.value + 0x20)) : $0 }
    case .canonicalize:
      let spaced = basicClean(text).map { $0 == "_" ? " " : $0 }
      return collapseWhitespace(lowercasedAsPython(spaced.filter { !$0.isASCIIPunctuation }))
    case .siglip:
      return collapseWhitespace(lowercasedAsPython(text).filter { !$0.isASCIIPunctuation })
    }
  }
}

private func basicClean(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  HTMLEntities.unescape(HTMLEntities.unescape(repairText(text)))
}

/// `" ".join(text.split())`: no spaces at the ends, single spaces in between.
func collapseWhitespace(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
  var result: [Unicode.Scalar] = []
  result.reserveCapacity(text.count)
  var isPending = false
  for scalar in text {
    if scalar.isPythonSpace {
      isPending = !result.isEmpty
    } else {
      if isPending { result.append(" ") }
      isPending = false
      result.append(scalar)
    }
  }
  return result
}
