/// SentencePiece's byte-pair encoding: neighbours are merged as long as their text is a piece, the highest score first.
struct SentencePieceBPE: Sendable {
  let ids: PieceTable
  let scores: [Float]
  let longest: Int
  /// User-defined pieces: found first, never merged.
  let userDefined: PieceTrie
  /// Pieces that must be split again at the end.
  let unused: Set<Int32>

  private struct Candidate: Comparable {
    let score: Float
    let left: Int
    let length: Int

    static func < (a: Candidate, b: Candidate) -> Bool { a.score != b.score ? a.score > b.score : a.left < b.left }
  }

  private struct Symbol {
    var range: Range<Int>
    var previous: Int
    var next: Int
    var isFrozen: Bool
  }

  /// The ranges of the pieces.
  func cut(_ text: [UInt8]) -> [Range<Int>] {
    var symbols = characters(text)
    var splits: [Range<Int>: Int] = [:]
    var heap = Heap<Candidate>([])

    func consider(_ left: Int) {
      guard left >= 0, symbols[left].next < symbols.count else { return }
      let right = symbols[symbols[left].next]
      guard !symbols[left].isFrozen, !right.isFrozen else { return }
      let range = symbols[left].range.lowerBound..<right.range.upperBound
      guard range.count <= longest, let id = ids[text[range]] else { return }
      heap.push(Candidate(score: scores[Int(id)], left: left, length: range.count))
      if unused.contains(id) { splits[range] = right.range.lowerBound }
    }

    for left in symbols.indices { consider(left) }
    while let best = heap.pop() {
      let left = symbols[best.left]
      guard !left.range.isEmpty, left.next < symbols.count else { continue }
      let right = symbols[left.next]
      guard left.range.count + right.range.count == best.length else { continue }
      symbols[best.left].range = left.range.lowerBound..<right.range.upperBound
      symbols[left.next].range = right.range.upperBound..<right.range.upperBound
      symbols[best.left].next = right.next
      if right.next < symbols.count { symbols[right.next].previous = best.left }
      consider(left.previous)
      consider(best.left)
    }
    return symbols.filter { !$0.range.isEmpty }.flatMap { takeApart($0.range, text, splits) }
  }

  private func characters(_ text: [UInt8]) -> [Symbol] {
    var symbols: [Symbol] = []
    var at = 0
    while at < text.count {
      let defined = userDefined.longestPrefix(of: text, from: at)
      let length = defined?.length ?? min(utf8Length(text[at]), text.count - at)
      symbols.append(
        Symbol(
          range: at..<at + length, previous: symbols.count - 1, next: symbols.count + 1, isFrozen: defined != nil))
      at += length
    }
    return symbols
  }

  private func takeApart(_ range: Range<Int>, _ text: [UInt8], _ splits: [Range<Int>: Int]) -> [Range<Int>] {
    var done: [Range<Int>] = []
    var open = [range]
    while let range = open.popLast() {
      if let id = ids[text[range]], unused.contains(id), let split = splits[range] {
        open.append(split..<range.upperBound)
        open.append(range.lowerBound..<split)
      } else {
        done.append(range)
      }
    }
    return done
  }
}
