/// An element type, by the name that safetensors gives it.
public enum DType: String, Sendable, Hashable, Codable, CaseIterable {
  /// A Boolean, one byte.
  case bool = "BOOL"
  /// 8-bit unsigned integers.
  case u8 = "U8"
  /// 8-bit signed integers.
  case i8 = "I8"
  /// 8-bit floats with 4 exponent and 3 mantissa bits, without infinities.
  case f8e4m3 = "F8_E4M3"
  /// 8-bit floats with 5 exponent and 2 mantissa bits.
  case f8e5m2 = "F8_E5M2"
  /// Powers of two with 8 exponent bits: the scales of the MX formats.
  case f8e8m0 = "F8_E8M0"
  /// Like `f8e4m3`, but with a single zero and a different bias (AMD's variant).
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  /// Like `f8e5m2`, but with a single zero and a different bias (AMD's variant).
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  /// Packed 4-bit floats.
  case f4 = "F4"
  /// Packed 6-bit floats with 2 exponent and 3 mantissa bits.
  case f6e2m3 = "F6_E2M3"
  /// Packed 6-bit floats with 3 exponent and 2 mantissa bits.
  case f6e3m2 = "F6_E3M2"
  /// 16-bit unsigned integers.
  case u16 = "U16"
  /// 16-bit signed integers.
  case i16 = "I16"
  /// 16-bit IEEE floats.
  case f16 = "F16"
  /// bfloat16: the upper half of a 32-bit float.
  case bf16 = "BF16"
  /// 32-bit unsigned integers.
  case u32 = "U32"
  /// 32-bit signed integers.
  case i32 = "I32"
  /// 32-bit IEEE floats.
  case f32 = "F32"
  /// 64-bit unsigned integers.
  case u64 = "U64"
  /// 64-bit signed integers.
  case i64 = "I64"
  /// 64-bit IEEE floats.
  case f64 = "F64"
  /// Complex numbers made of two 32-bit floats.
  case c64 = "C64"
  /// Complex numbers made of two 64-bit floats.
  case c128 = "C128"

  /// The size of one element in bits; less than 8 for the packed types.
  public var bits: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .u16, .i16, .f16, .bf16: 16
    case .u32, .i32, .f32: 32
    case .u64, .i64, .f64, .c64: 64
    case .c128: 128
    }
  }

  /// Whether a model's weights may have this type: they widen to `Float` (`f64` narrows).
  public var isWeight: Bool { self == .f32 || self == .f16 || self == .bf16 || self == .f64 }

  /// Whether this is an integer type or a Boolean: used for buffers such as `position_ids`, never for weights.
  public var isInteger: Bool {
    switch self {
    case .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64: true
    default: false
    }
  }

  /// The size of `count` elements in bytes, or nil if it overflows or is not a whole number of bytes.
  public func byteCount(of count: Int) -> Int? {
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    return overflow || total % 8 != 0 ? nil : total / 8
  }
}

/// The number of elements of a shape (1 for a scalar), or nil if the product, taken from left to right, overflows.
package func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for side in shape {
    let (next, overflow) = count.multipliedReportingOverflow(by: side)
    guard !overflow, side >= 0 else { return nil }
    count = next
  }
  return count
}
