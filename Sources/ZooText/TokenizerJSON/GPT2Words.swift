/// GPT-2's regular expression as a scanner:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
func gpt2WordRanges(_ text: [Unicode.Scalar]) -> [Range<Int>] {
  var words: [Range<Int>] = []
  var at = 0
  while at < text.count {
    let start = at
    if text[at] == "'", let tail = WordSplitter.contractions.first(where: { text[(at + 1)...].starts(with: $0) }) {
      at += 1 + tail.count
      words.append(start..<at)
      continue
    }
    let word = text[at] == " " && at + 1 < text.count && !text[at + 1].isSpace ? at + 1 : at
    if text[word].isSpace {
      while at < text.count, text[at].isSpace { at += 1 }
      // The last space of a run belongs to the following word.
      if at < text.count, at - start > 1 { at -= 1 }
    } else {
      at = word
      let isMember: (Unicode.Scalar) -> Bool =
        text[word].isLetter ? \.isLetter : text[word].isNumber ? \.isNumber : \.isOther
      while at < text.count, isMember(text[at]) { at += 1 }
    }
    words.append(start..<at)
  }
  return words
}
