/// The precision of products. Other weights, sums and results are f32.
public enum Precision: String, Sendable, Hashable, CaseIterable, Codable {
  /// 32-bit floats.
  case f32
  /// Both factors are rounded to bf16 and their products are summed in f32.
  case bf16
  /// The matrices of the blocks are rounded to 8-bit integers with a scale for each output, and so is the other factor, row by row at run time,
  /// including gradients. Attention and the matrices before and after the blocks are computed in bf16 if the processor has native bf16 products,
  /// otherwise in f32; everything in a text tower except its blocks in f32.
  case int8
}
