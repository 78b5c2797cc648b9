extension HeatmapMethod {
  /// The method with the choices that distinguish it from its variants: "LeGrad official, layers all".
  public var displayName: String {
    let details =
      legrad.map(Self.details)
      ?? options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return ([info.title] + details.prefix(1)).joined(separator: " ") + details.dropFirst().map { ", \($0)" }.joined()
  }

  private static func details(_ legrad: LeGrad) -> [String] {
    [
      legrad.variant.rawValue, "layers \(legrad.layers)", legrad.score?.rawValue,
      legrad.tokens.map { "tokens \($0.rawValue)" },
      legrad.relu ? nil : "without ReLU", legrad.fromFinalScore ? "from the final score" : nil,
    ].compactMap { $0 }
  }
}
