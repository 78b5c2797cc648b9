/// UTF-8 text that was decoded as Latin-1 or Windows-1252: `schÃ¶n` for `schön`.
///
/// Undoes what ftfy 6.3 undoes, if a whole line or a run of such characters becomes valid UTF-8 again. Not covered, so that the text stays unchanged:
/// the other encodings that ftfy tries, and sequences that lost a byte or have a space for U+00A0.
enum Mojibake {
  static func repaired(_ line: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var line = line
    // Text is rarely damaged more than twice; the bound protects against texts that are made to be slow.
    for _ in 0..<8 {
      guard line.contains(where: { $0.value >= 0x80 }), looksDamaged(line) else { break }
      let next = decodedAgain(line) ?? withRunsRepaired(line)
      if next.count == line.count { break }  // every repair leaves fewer scalars than before
      line = next
    }
    return line
  }

  private static func decodedAgain(_ line: [Unicode.Scalar]) -> [Unicode.Scalar]? {
    bytes(line).flatMap { String(validating: $0, as: UTF8.self) }.map { Array($0.unicodeScalars) }
  }

  /// Repairs what looks like UTF-8 sequences within other text, each run of them separately.
  private static func withRunsRepaired(_ line: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var at = 0
    while at < line.count {
      var end = at
      // After a stray continuation, a sequence is part of something that cannot be determined.
      if at == 0 || !mayContinue(line[at - 1]) {
        while let length = sequenceLength(line[end...]) { end += length }
      }
      if end == at {
        result.append(line[at])
        end += 1
      } else {
        let run = Array(line[at..<end])
        result += run.count < line.count && looksDamaged(run) ? repaired(run) : run
      }
      at = end
    }
    return result
  }

  /// The number of scalars at the start that represent one UTF-8 sequence; nil if there is none.
  private static func sequenceLength(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
    guard let first = text.first.flatMap(byte) else { return nil }
    let length: Int
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF: length = 3
    case 0xF0, 0xF3: length = 4  // ftfy leaves out letters that are frequent by themselves
    default: return nil
    }
    let rest = text.dropFirst().prefix(length - 1)
    return rest.count == length - 1 && rest.allSatisfy(isContinuation) ? length : nil
  }

  private static func isContinuation(_ scalar: Unicode.Scalar) -> Bool {
    byte(scalar).map { (0x80...0xBF).contains($0) } ?? false
  }

  /// Whether the scalar is a continuation that is unlikely before anything else, or one in Windows-1257.
  private static func mayContinue(_ scalar: Unicode.Scalar) -> Bool {
    isContinuation(scalar) && !punctuation.contains(scalar) || baltic.contains(scalar)
  }

  private static let punctuation = group("–—‘’‚“”„•…"), baltic = group("ÆØæø")

  /// The byte in either of the two encodings.
  private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    windows1252[scalar] ?? UInt8(exactly: scalar.value)
  }

  /// The line in Latin-1, or else in Windows-1252 with its five unassigned bytes.
  private static func bytes(_ line: [Unicode.Scalar]) -> [UInt8]? {
    if line.allSatisfy({ $0.value <= 0xFF }) { return line.map { UInt8($0.value) } }
    let bytes = line.compactMap { $0 == "\u{1A}" ? nil : windows1252[$0] }
    return bytes.count == line.count ? bytes : nil
  }

  private static let windows1252 = Dictionary(
    uniqueKeysWithValues: (0...0xFF).map { (byte: UInt8) in
      ((0x80...0x9F).contains(byte) ? HTMLEntities.windows1252(UInt32(byte)) : Unicode.Scalar(byte), byte)
    })

  // MARK: What nobody writes

  private typealias Group = Set<Unicode.Scalar>

  private static func group(_ characters: String) -> Group { Group(characters.unicodeScalars) }

  private static func group(_ range: ClosedRange<UInt8>) -> Group { Group(range.map { Unicode.Scalar($0) }) }

  /// Whether the text has neighbours that are likely in damaged text and almost nowhere else: the rules of `ftfy.badness` (Apache-2.0) for the
  /// characters of the two encodings.
  private static func looksDamaged(_ line: [Unicode.Scalar]) -> Bool {
    if line.count > 1, "ÃÂ".unicodeScalars.contains(line[0]), line[1] == " " { return true }
    return line.indices.contains { start in
      var open = ~UInt32(0)
      for (place, scalar) in line[start...].prefix(places.count).enumerated() {
        open &= places[place].members[scalar] ?? 0
        if open & places[place].lasts != 0 { return true }
        if open == 0 { return false }
      }
      return false
    }
  }

  /// For each position in a pattern, the patterns that a scalar fits there, as bits; and those that end there.
  private static let places: [(members: [Unicode.Scalar: UInt32], lasts: UInt32)] = {
    let longest = patterns.map(\.count).max() ?? 0
    var places = [(members: [Unicode.Scalar: UInt32], lasts: UInt32)](repeating: ([:], 0), count: longest)
    for (index, pattern) in patterns.enumerated() {
      for (place, group) in pattern.enumerated() {
        for scalar in group { places[place].members[scalar, default: 0] |= 1 << UInt32(index) }
      }
      places[pattern.count - 1].lasts |= 1 << UInt32(index)
    }
    return places
  }()

  /// Sequences of groups, each of which indicates damage; at most 32.
  private static let patterns: [[Group]] = {
    let bad = group("¦¤¨¬¯¸ƒˆ˜†‡‰ªº"), law = group("¶§"), currency = group("¢£¥€")
    let opening = group("¡«¿©‘‚“„•‹"), closing = group("®»”›™"), number = group("²³¹±¼½¾×µ÷")
    let common = group("\u{A0}\u{AD}·´–—…’")
    let upper = group(0xC0...0xD1).union(group("ØÜÝŒŠŸŽ")), lower = group(0xE0...0xF1).union(group("ßüœšž"))
    let capitals = group(0x41...0x5A), small = group(0x61...0x7A), space = group(" ")
    let everything = Group(windows1252.keys).union(group(0x80...0x9F))
    let white = everything.filter(\.isPythonSpace)
    let word = everything.filter { $0 == "_" || $0.isLetter || $0.isNumber }
    let symbol = opening.union(closing).union(currency).union(number).union(law)
    let afterLead = opening.union(closing).union(group("€œŠš¢£Ÿž\u{A0}\u{AD}°·–—´"))
    let arabic = [
      group("ØÙ"), common.union(currency).union(bad).union(number).union(opening).union(group("ŸŠ®°µ»")),
    ]
    let accented = lower.union(upper)
    return [
      [group(0x80...0x9F)],
      [bad.union(accented).union(symbol), bad],
      [capitals.union(small), group("Þ"), bad],
      [bad, accented.union(symbol)],
      [lower.union(closing).union(currency).union(number), upper],
      [closing.union(currency).union(number), lower],
      [lower.union(closing), currency],
      [white, upper, currency],
      [upper, number.union(law)],
      [accented.union(currency).union(closing), opening, number],
      [accented.union(currency).union(number).union(law), closing, opening],
      [currency.union(number), opening],
      [small, upper, opening.union(currency)],
      [accented, opening.union(closing), word],
      [group("Œœ"), everything.subtracting(capitals).subtracting(small)],
      [upper, group("°")],
      [group("ÂÃÎÐ"), afterLead],
      [group("×"), group("²³")],
      arabic + arabic,
      [group("à"), group("²µ¹¼½¾")],
      [group("‚"), group("Ä"), group("ìîïòôúùû†°¢")],
      [group("‚"), group("âó"), group("àäê°")],
      [group("Ã"), group("\u{A0}¡")],
      [small, group("ÃÂ"), space],
      [small, white, group("ÃÂ"), space],
      [small.union(group(".,?!")).union(closing), group("Â"), space.union(opening).union(closing)],
    ]
  }()
}
