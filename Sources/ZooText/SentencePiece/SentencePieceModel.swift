/// The parts of SentencePiece's `ModelProto` (sentencepiece_model.proto) that encoding needs.
struct SentencePieceModel: Sendable {
  enum PieceKind: UInt64, Sendable { case normal = 1, unknown, control, userDefined, unused, byte }
  enum Algorithm: UInt64, Sendable { case unigram = 1, bpe }

  struct Piece: Sendable {
    var text: [UInt8] = []
    var score: Float = 0
    var kind = PieceKind.normal
  }

  var pieces: [Piece] = []
  var algorithm = Algorithm.unigram
  var usesByteFallback = false
  var eosID: Int = 2
  var unknownID: Int32 = 0
  var charsmap: Charsmap?
  var addsDummyPrefix = true
  var removesExtraSpaces = true
  var escapesSpaces = true
  var treatsSpaceAsSuffix = false
  /// The ids of `<0x00>`...`<0xFF>`, if the model falls back to bytes.
  var byteIDs: [Int32] = []

  init(_ bytes: [UInt8], file: String) throws(TextError) {
    var reader = ProtoReader(bytes[...], file: file)
    while let field = try reader.next() {
      guard case .bytes(let message) = field.value else { continue }
      switch field.number {
      case 1: pieces.append(try Self.piece(message, index: pieces.count, file: file))
      case 2: try readTrainer(message, file: file)
      case 3: try readNormalizer(message, file: file)
      default: break
      }
    }
    let unknown = pieces.indices.filter { pieces[$0].kind == .unknown }
    guard unknown.count == 1 else {
      throw TextError.malformed(
        file: file, place: "pieces",
        problem: "\(unknown.count) of \(pieces.count) pieces are the unknown piece, expected 1")
    }
    unknownID = Int32(unknown[0])
    if usesByteFallback { byteIDs = try findByteIDs(file: file) }
  }

  private static func piece(_ message: ArraySlice<UInt8>, index: Int, file: String) throws(TextError) -> Piece {
    guard index < 1 << 22 else {
      throw TextError.malformed(file: file, place: "pieces", problem: "there are more than \(index) pieces")
    }
    var piece = Piece()
    var reader = ProtoReader(message, file: file)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)): piece.text = [UInt8](text)
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let kind)):
        guard let kind = PieceKind(rawValue: kind) else {
          throw TextError.malformed(file: file, place: "piece \(index)", problem: "its type \(kind) is unknown")
        }
        piece.kind = kind
      default: break
      }
    }
    guard piece.score.isFinite, !piece.text.isEmpty else {
      throw TextError.malformed(
        file: file, place: "piece \(index)",
        problem: piece.text.isEmpty ? "it is empty" : "its score \(piece.score) is not a number")
    }
    return piece
  }

  private mutating func readTrainer(_ message: ArraySlice<UInt8>, file: String) throws(TextError) {
    var reader = ProtoReader(message, file: file)
    while let field = try reader.next() {
      guard case .varint(let value) = field.value else { continue }
      switch field.number {
      case 3:
        guard let known = Algorithm(rawValue: value) else {
          throw TextError.unsupported(file: file, feature: "a SentencePiece model that is neither unigram nor BPE")
        }
        algorithm = known
      case 24: treatsSpaceAsSuffix = value != 0
      case 35: usesByteFallback = value != 0
      case 42: eosID = Int(Int32(truncatingIfNeeded: value))
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ message: ArraySlice<UInt8>, file: String) throws(TextError) {
    var reader = ProtoReader(message, file: file)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let blob)): charsmap = blob.isEmpty ? nil : try Charsmap([UInt8](blob), file: file)
      case (3, .varint(let value)): addsDummyPrefix = value != 0
      case (4, .varint(let value)): removesExtraSpaces = value != 0
      case (5, .varint(let value)): escapesSpaces = value != 0
      default: break
      }
    }
  }

  private func findByteIDs(file: String) throws(TextError) -> [Int32] {
    var ids = [Int32](repeating: -1, count: 256)
    for (id, piece) in pieces.enumerated() where piece.kind == .byte {
      guard let byte = bytePiece(piece.text) else { continue }
      ids[Int(byte)] = Int32(id)
    }
    guard let missing = ids.firstIndex(of: -1) else { return ids }
    throw TextError.malformed(file: file, place: "pieces", problem: "there is no piece for byte \(missing)")
  }
}

/// The byte that a piece like `<0x0A>` represents.
func bytePiece(_ text: [UInt8]) -> UInt8? {
  guard text.count == 6, text.starts(with: "<0x".utf8), text[5] == UInt8(ascii: ">") else { return nil }
  return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
}
