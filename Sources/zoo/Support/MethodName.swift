import ZooExplain

extension Method {
  /// The method with what tells it from others of its kind: "LeGrad official, layers all".
  var displayName: String {
    let details =
      legrad.map { [$0.variant.rawValue, "layers \($0.layers)"] + ($0.score.map { [$0.rawValue] } ?? []) }
      ?? options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return ([info.title] + details.prefix(1)).joined(separator: " ") + details.dropFirst().map { ", \($0)" }.joined()
  }
}
