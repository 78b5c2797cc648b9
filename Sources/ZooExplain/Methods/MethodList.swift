extension HeatmapMethod {
  /// Parses methods separated by commas, each with its options after a colon: `legrad,gradcam:layer=3,score=dot,textspan:heads=1.0,2.1`.
  ///
  /// A part that begins with a letter and is not an option (`OPTION=VALUE`) is the next method.
  ///
  /// Throws like `init(_:)`.
  public static func list(_ text: String) throws -> [HeatmapMethod] {
    try names(in: text).map { try HeatmapMethod($0) }
  }

  /// The methods of a list, as written.
  package static func names(in text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).reduce(into: []) { names, piece in
      let piece = piece.drop { $0 == " " }, name = piece.prefix { $0 != ":" && $0 != "=" }
      let isOption = name.endIndex < piece.endIndex && piece[name.endIndex] == "="
      if let last = names.indices.last, isOption || piece.first?.isLetter == false {
        names[last] += ",\(piece)"
      } else {
        names.append(String(piece))
      }
    }
  }
}
