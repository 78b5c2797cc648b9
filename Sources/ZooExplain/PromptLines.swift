import ZooText

/// The prompts of a text, one a line; blank lines and those that begin with `#` are left out.
package func promptLines(of text: String) -> [String] {
  text.split(whereSeparator: \.isNewline).map(String.init)
    .filter { !isBlank($0) && $0.first { !$0.isWhitespace } != "#" }
}
