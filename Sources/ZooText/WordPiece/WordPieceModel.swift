/// Splits a word into the longest pieces from the left; later pieces have a prefix. A word that cannot be split is unknown.
struct WordPieceModel: Sendable {
  let ids: PieceTable
  let unknownID: Int32
  let continuation: [UInt8]
  /// Longer words are unknown.
  let characterLimit: Int

  func ids(of word: [Unicode.Scalar]) -> [Int32] {
    guard word.count <= characterLimit else { return [unknownID] }
    var result: [Int32] = []
    var start = 0
    while start < word.count {
      let prefix = start > 0 ? continuation : []
      var end = word.count
      var found: Int32?
      while end > start {
        found = ids[prefix + word[start..<end].utf8]
        if found != nil { break }
        end -= 1
      }
      guard let found else { return [unknownID] }
      result.append(found)
      start = end
    }
    return result
  }
}
