/// What happens to prompts during tokenization that their author should know. Places count from 0.
public enum PromptRemark: Sendable, Hashable {
  /// The prompt has more tokens than the model accepts: everything after the first `kept` of its `tokens` is dropped. `end` is the last part of the
  /// text that is kept.
  case cut(prompt: Int, tokens: Int, kept: Int, end: String)
  /// These prompts become the same token ids.
  case same([Int])
  /// The prompt has no token that is in the vocabulary.
  case unknown(prompt: Int)
}

extension PromptTokenizer {
  /// What happens to prompts during tokenization, in the order of the prompts.
  public func remarks(on prompts: [String]) -> [PromptRemark] {
    var remarks: [PromptRemark] = []
    let encoded = prompts.map(encode), pieces = prompts.map(pieces), empty = emptyIDs
    for index in prompts.indices {
      let kept = kept(of: pieces[index], in: encoded[index])
      if kept < pieces[index].count {
        remarks.append(
          .cut(prompt: index, tokens: pieces[index].count, kept: kept, end: end(of: prompts[index], tokens: kept)))
      }
      if pieces[index].allSatisfy(empty.contains) { remarks.append(.unknown(prompt: index)) }
    }
    let groups = Dictionary(grouping: prompts.indices) { encoded[$0] }.values.filter { $0.count > 1 }
    return remarks + groups.sorted { $0[0] < $1[0] }.map { .same($0) }
  }

  /// The number of a text's pieces that are among its ids, which begin with a special token or two.
  private func kept(of pieces: [Int32], in ids: [Int32]) -> Int {
    (0...2).map { offset in zip(ids.dropFirst(offset), pieces).prefix { $0 == $1 }.count }.max() ?? 0
  }

  /// Up to 24 characters before the place at which that many tokens are used up.
  private func end(of text: String, tokens: Int) -> String {
    let characters = Array(text)
    var low = 0, high = characters.count
    while low < high {
      let middle = (low + high + 1) / 2
      if pieces(String(characters[..<middle])).count <= tokens { low = middle } else { high = middle - 1 }
    }
    return String(characters[max(0, low - 24)..<low])
  }

  /// The unknown token, and the space that some tokenizers put before it.
  private var emptyIDs: Set<Int32> {
    guard let unknownID else { return [] }
    let stranger = pieces("\u{10600}")  // a sign of Linear A
    return stranger.last == unknownID ? Set(stranger) : [unknownID]
  }
}
