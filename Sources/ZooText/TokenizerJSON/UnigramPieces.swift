/// The Unigram model of the tokenizers library: scores in double precision, runs of unknown characters fused.
struct UnigramPieces: Sendable {
  let ids: PieceTable
  private let model: UnigramModel
  private let usesByteFallback: Bool
  var unknownID: Int32 { model.unknownID }

  init(_ node: JSONNode) throws(TextError) {
    let vocabulary = try node.elements("vocab")
    var ids = PieceTable(capacity: vocabulary.count)
    var scores: [Double] = []
    var pieces: [(piece: [UInt8], id: Int32)] = []
    guard vocabulary.count <= idLimit else { throw node.problem("it has more than \(idLimit) pieces") }
    for (index, entry) in vocabulary.enumerated() {
      guard let pair = entry.value.array, pair.count == 2, let piece = pair[0].bytes, let score = pair[1].double else {
        throw entry.problem("a piece and its score were expected")
      }
      let id = Int32(index)
      ids.set(piece, id)
      scores.append(score)
      pieces.append((piece, id))
    }
    guard let unknown = node.optional("unk_id")?.value.int, scores.indices.contains(unknown) else {
      throw node.problem("it has no unknown piece")
    }
    self.ids = ids
    usesByteFallback = try node.bool("byte_fallback", default: false)
    model = UnigramModel(
      trie: PieceTrie(pieces), scores: scores, unknownID: Int32(unknown),
      unknownScore: (scores.min() ?? 0) - UnigramModel.unknownPenalty, precision: .double)
  }

  func ids(of word: [Unicode.Scalar]) -> [Int32] {
    let text = word.utf8
    var result: [Int32] = []
    var unknown: Range<Int>?
    func closeUnknown() {
      guard let range = unknown else { return }
      unknown = nil
      if let id = ids[text[range]] {
        result.append(id)
      } else if usesByteFallback {
        let bytes = text[range].map { ids["<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>".utf8] }
        result.append(contentsOf: bytes.contains(nil) ? [model.unknownID] : bytes.compactMap { $0 })
      } else {
        result.append(model.unknownID)
      }
    }
    for (range, id) in model.cut(text) {
      if id == model.unknownID {
        unknown = (unknown?.lowerBound ?? range.lowerBound)..<range.upperBound
      } else {
        closeUnknown()
        result.append(id)
      }
    }
    closeUnknown()
    return result
  }
}
