/// What products are computed in. Weights, sums and results are f32 elsewhere.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  case f32
  /// Both factors are rounded to bf16, their products are summed in f32.
  case bf16
}
