#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds all pieces that begin at a position in a text, the shortest first. Children of a node are adjacent, sorted by byte.
struct PieceTrie: Sendable {
  private var labels: [UInt8] = [0]
  private var values: [Int32] = [-1]
  private var firstChild: [Int32] = [0]
  private var childCount: [UInt16] = [0]

  /// The longest piece in bytes.
  private(set) var longest = 0

  var isEmpty: Bool { longest == 0 }

  /// If a piece occurs twice, the later id wins. Empty pieces are never found.
  init(_ pieces: [(piece: [UInt8], id: Int32)]) {
    let sorted = pieces.indices.filter { !pieces[$0].piece.isEmpty }.sorted { first, second in
      let order = Self.compare(pieces[first].piece, pieces[second].piece)
      return order != 0 ? order < 0 : first < second
    }
    // Breadth first: a node is the range of sorted pieces that share its prefix.
    var queue: [(range: Range<Int>, depth: Int, node: Int)] = [(0..<sorted.count, 0, 0)]
    var next = 0
    while next < queue.count {
      let (range, depth, node) = queue[next]
      next += 1
      var at = range.lowerBound
      while at < range.upperBound, pieces[sorted[at]].piece.count == depth {
        values[node] = pieces[sorted[at]].id
        longest = max(longest, depth)
        at += 1
      }
      firstChild[node] = Int32(labels.count)
      while at < range.upperBound {
        let byte = pieces[sorted[at]].piece[depth]
        let start = at
        while at < range.upperBound, pieces[sorted[at]].piece[depth] == byte { at += 1 }
        queue.append((start..<at, depth + 1, labels.count))
        labels.append(byte)
        values.append(-1)
        firstChild.append(0)
        childCount.append(0)
        childCount[node] += 1
      }
    }
  }

  private static func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let order = memcmp(a, b, min(a.count, b.count))
    return order != 0 ? Int(order) : a.count - b.count
  }

  /// Calls `body` with the length and the id of every piece that begins at `start`.
  func forEachPrefix(of text: [UInt8], from start: Int, _ body: (Int, Int32) -> Void) {
    var node = 0
    var at = start
    while at < text.count, let child = child(of: node, text[at]) {
      node = child
      at += 1
      if values[node] >= 0 { body(at - start, values[node]) }
    }
  }

  /// The length and id of the longest piece that begins at `start`.
  func longestPrefix(of text: [UInt8], from start: Int) -> (length: Int, id: Int32)? {
    var found: (Int, Int32)?
    forEachPrefix(of: text, from: start) { found = ($0, $1) }
    return found
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    var low = Int(firstChild[node])
    var high = low + Int(childCount[node])
    while low < high {
      let middle = (low + high) / 2
      if labels[middle] < byte { low = middle + 1 } else { high = middle }
    }
    return low < Int(firstChild[node]) + Int(childCount[node]) && labels[low] == byte ? low : nil
  }
}

/// The number of bytes in the UTF-8 character that begins with `lead`; 1 for a byte that begins none.
func utf8Length(_ lead: UInt8) -> Int {
  switch lead {
  case 0xC0...0xDF: 2
  case 0xE0...0xEF: 3
  case 0xF0...0xF7: 4
  default: 1
  }
}
