/// Splits a text into the pieces with the largest sum of scores.
struct UnigramModel: Sendable {
  /// SentencePiece computes sums in single precision, the tokenizers library in double; that decides some ties.
  enum Precision { case single, double }

  let trie: PieceTrie
  let scores: [Double]
  let unknownID: Int32
  let unknownScore: Double
  let precision: Precision
  /// Scores per byte of user-defined pieces: they win over all others.
  var userDefined: [Int32: Double] = [:]

  /// An unknown character costs this much more than the rarest piece.
  static let unknownPenalty = 10.0

  private struct Node {
    var start: Int32 = -1
    var id: Int32 = -1
    var score = 0.0
  }

  /// The best segmentation as ranges and ids; unknown characters one by one.
  func cut(_ text: [UInt8]) -> [(range: Range<Int>, id: Int32)] {
    var nodes = [Node](repeating: Node(), count: text.count + 1)
    var start = 0
    while start < text.count {
      let here = nodes[start].score
      let character = min(utf8Length(text[start]), text.count - start)
      var hasCharacter = false
      trie.forEachPrefix(of: text, from: start) { length, id in
        let score = userDefined[id].map { Double(Float(length) * Float($0)) - 0.1 } ?? scores[Int(id)]
        offer(Node(start: Int32(start), id: id, score: here + score), &nodes[start + length])
        if length == character { hasCharacter = true }
      }
      if !hasCharacter {
        offer(Node(start: Int32(start), id: unknownID, score: here + unknownScore), &nodes[start + character])
      }
      start += character
    }
    var cut: [(range: Range<Int>, id: Int32)] = []
    var end = text.count
    while end > 0 {
      let node = nodes[end]
      guard node.start >= 0 else { break }
      cut.append((Int(node.start)..<end, node.id))
      end = Int(node.start)
    }
    return cut.reversed()
  }

  private func offer(_ candidate: Node, _ node: inout Node) {
    let score = precision == .single ? Double(Float(candidate.score)) : candidate.score
    guard node.start < 0 || score > node.score else { return }
    node = candidate
    node.score = score
  }
}
