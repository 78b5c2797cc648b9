/// The merge rules of a byte-pair encoding, by the ids of the two symbols.
struct MergeTable: Sendable, Equatable {
  /// The order in which occurrences of pairs are merged. The two differ only for vocabularies in which a piece can be built in more than one way.
  enum Order {
    /// All occurrences of the lowest-ranked pair, left to right, before the next pair is considered (OpenAI's CLIP).
    case byPair
    /// One occurrence at a time, always the lowest-ranked and leftmost (Hugging Face, SentencePiece).
    case byOccurrence
  }

  struct Rule: Sendable, Equatable {
    let rank: Int32
    /// The id of the merged piece.
    let id: Int32
  }

  private var rules: [UInt64: Rule] = [:]

  init(capacity: Int) { rules.reserveCapacity(capacity) }

  /// A later rule for the same pair replaces an earlier one.
  mutating func add(_ left: Int32, _ right: Int32, rank: Int, id: Int32) {
    rules[Self.key(left, right)] = Rule(rank: Int32(rank), id: id)
  }

  private func rule(_ left: Int32, _ right: Int32) -> Rule? { rules[Self.key(left, right)] }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Merges pairs until no rule applies. Takes O(n log n) time for any text.
  func merge(_ symbols: [Int32], order: Order) -> [Int32] {
    guard symbols.count > 1 else { return symbols }
    var chain = Chain(symbols)
    var heap = Heap((0..<symbols.count - 1).compactMap { candidate(at: $0, in: chain) })
    while let next = heap.pop() {
      var joined: [Int] = []
      if join(next, in: &chain, order) { joined.append(next.left) }
      if order == .byPair {
        while let more = heap.first, more.rank == next.rank {
          _ = heap.pop()
          if join(more, in: &chain, order) { joined.append(more.left) }
        }
      }
      for left in joined {
        if let before = chain.before(left), let new = candidate(at: before, in: chain) { heap.push(new) }
        if let new = candidate(at: left, in: chain) { heap.push(new) }
      }
    }
    return chain.symbols
  }

  private struct Candidate: Comparable {
    let rank: Int32
    let left: Int
    let id: Int32

    static func < (a: Candidate, b: Candidate) -> Bool { a.rank != b.rank ? a.rank < b.rank : a.left < b.left }
  }

  private func candidate(at left: Int, in chain: Chain) -> Candidate? {
    guard let right = chain.after(left), let rule = rule(chain[left], chain[right]) else { return nil }
    return Candidate(rank: rule.rank, left: left, id: rule.id)
  }

  /// Merges the pair if it is still there.
  private func join(_ candidate: Candidate, in chain: inout Chain, _ order: Order) -> Bool {
    let left = candidate.left
    guard chain.isAlive(left), let right = chain.after(left), let rule = rule(chain[left], chain[right]) else {
      return false
    }
    guard order == .byPair ? rule.rank == candidate.rank : rule.id == candidate.id else { return false }
    chain.join(left, right, into: rule.id)
    return true
  }
}

/// Symbols in a doubly linked list, so that merging two takes constant time.
private struct Chain {
  private var ids: [Int32]
  private var previous: [Int]
  private var next: [Int]
  private static let dead: Int32 = -1

  init(_ symbols: [Int32]) {
    ids = symbols
    previous = Array(-1..<symbols.count - 1)
    next = Array(1...symbols.count)
  }

  subscript(position: Int) -> Int32 { ids[position] }
  func isAlive(_ position: Int) -> Bool { ids[position] != Self.dead }
  func before(_ position: Int) -> Int? { previous[position] >= 0 ? previous[position] : nil }
  func after(_ position: Int) -> Int? { next[position] < ids.count ? next[position] : nil }
  var symbols: [Int32] { ids.filter { $0 != Self.dead } }

  mutating func join(_ left: Int, _ right: Int, into id: Int32) {
    ids[left] = id
    ids[right] = Self.dead
    next[left] = next[right]
    if next[right] < ids.count { previous[next[right]] = left }
  }
}
