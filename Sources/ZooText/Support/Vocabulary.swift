import ZooJSON

/// No embedding table in use has more rows.
let idLimit = 1 << 22

/// Checks an id of a vocabulary.
func checkedID(_ id: Int?, of piece: some Sequence<UInt8>, file: String, field: String) throws(TextError) -> Int32 {
  guard let id, (0..<idLimit).contains(id) else {
    let name = String(decoding: Array(piece), as: UTF8.self)
    throw TextError.malformed(
      file: file, place: field,
      problem: "the id of \"\(name)\" is \(id.map(String.init) ?? "not a whole number"), not in 0..<\(idLimit)")
  }
  return Int32(id)
}

/// An object of pieces and ids.
func vocabularyTable(_ json: JSONValue, file: String, field: String) throws(TextError) -> PieceTable {
  guard case .object(let members) = json, !members.isEmpty else {
    throw TextError.malformed(file: file, place: field, problem: "an object of pieces and ids was expected")
  }
  var table = PieceTable(capacity: members.count)
  for (name, id) in members {
    let piece = name.utf8
    table.set(piece, try checkedID(id.int, of: piece, file: file, field: field))
  }
  return table
}
