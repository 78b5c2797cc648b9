import ZooText

/// The prompts in a text, one per line; blank lines and those that begin with `#` are skipped.
package func promptLines(of text: String) -> [String] {
  text.split(whereSeparator: \.isNewline).map(String.init)
    .filter { !isBlank($0) && $0.first { !$0.isWhitespace } != "#" }
}
