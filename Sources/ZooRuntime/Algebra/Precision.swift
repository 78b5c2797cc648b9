/// What products are computed in. Weights, sums and results are f32 elsewhere.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  /// 32-bit floats.
  case f32
  /// Both factors are rounded to bf16, their products are summed in f32.
  case bf16
  /// The blocks' matrices are rounded to 8-bit integers, a scale for each output, and what they are multiplied with likewise, row by
  /// row while they run, gradients too. Attention and the matrices before and behind the blocks are computed in bf16 where the
  /// processor multiplies that, otherwise in f32; what a text tower does beside its blocks, in f32.
  case int8
}
