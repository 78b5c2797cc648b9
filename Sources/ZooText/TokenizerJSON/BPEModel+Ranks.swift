import Foundation

extension BPEModel {
  /// From tiktoken's file, with a piece in base 64 and its rank on each line. The pair whose merged piece has the lowest rank is merged first, and a
  /// word that is a piece is not split, as in tiktoken.
  init(ranks bytes: [UInt8], file: String) throws(TextError) {
    var pieces: [(bytes: [UInt8], rank: Int32)] = []
    for (index, line) in bytes.split(separator: 0x0A).enumerated() {
      let parts = line.split(separator: 0x20), place = "line \(index + 1)"
      guard parts.count == 2, let piece = Data(base64Encoded: Data(parts[0])), !piece.isEmpty,
        let rank = Int(String(decoding: parts[1].last == 0x0D ? parts[1].dropLast() : parts[1], as: UTF8.self))
      else {
        throw TextError.malformed(file: file, place: place, problem: "a piece in base 64 and its rank were expected")
      }
      pieces.append(([UInt8](piece), try checkedID(rank, of: piece, file: file, field: place)))
    }
    var ids = PieceTable(capacity: pieces.count)
    for (piece, rank) in pieces { ids.set(Self.symbols(piece), rank) }
    guard ByteSymbols.utf8.allSatisfy({ ids[$0] != nil }) else {
      throw TextError.malformed(file: file, place: "the whole of it", problem: "a byte has no piece of its own")
    }
    var merges = MergeTable(capacity: 3 * pieces.count)
    for (piece, rank) in pieces {
      for cut in 1..<max(piece.count, 1) {
        guard let left = ids[Self.symbols(piece[..<cut])], let right = ids[Self.symbols(piece[cut...])] else {
          continue
        }
        merges.add(left, right, rank: Int(rank), id: rank)
      }
    }
    self.init(byteLevel: ids, merges: merges)
  }

  /// GPT-2's printable stand-ins for bytes.
  private static func symbols(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.flatMap { ByteSymbols.utf8[Int($0)] } }
}
