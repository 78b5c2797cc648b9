/// An element type, by the name that safetensors gives it.
public enum DType: String, Sendable, Hashable, Codable, CaseIterable {
  /// A truth value, one byte.
  case bool = "BOOL"
  /// Whole numbers from 0 to 255.
  case u8 = "U8"
  /// Whole numbers of 8 bits with a sign.
  case i8 = "I8"
  /// 8-bit floats with 4 bits of exponent and 3 of mantissa, without infinity.
  case f8e4m3 = "F8_E4M3"
  /// 8-bit floats with 5 bits of exponent and 2 of mantissa.
  case f8e5m2 = "F8_E5M2"
  /// Powers of two: 8 bits of exponent, the scales of MX formats.
  case f8e8m0 = "F8_E8M0"
  /// As `f8e4m3` with one zero and another bias, as AMD has it.
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  /// As `f8e5m2` with one zero and another bias, as AMD has it.
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  /// Packed 4-bit floats.
  case f4 = "F4"
  /// Packed 6-bit floats with 2 bits of exponent and 3 of mantissa.
  case f6e2m3 = "F6_E2M3"
  /// Packed 6-bit floats with 3 bits of exponent and 2 of mantissa.
  case f6e3m2 = "F6_E3M2"
  /// Whole numbers of 16 bits without a sign.
  case u16 = "U16"
  /// Whole numbers of 16 bits with a sign.
  case i16 = "I16"
  /// IEEE floats of 16 bits.
  case f16 = "F16"
  /// bfloat16: the upper half of a 32-bit float.
  case bf16 = "BF16"
  /// Whole numbers of 32 bits without a sign.
  case u32 = "U32"
  /// Whole numbers of 32 bits with a sign.
  case i32 = "I32"
  /// IEEE floats of 32 bits.
  case f32 = "F32"
  /// Whole numbers of 64 bits without a sign.
  case u64 = "U64"
  /// Whole numbers of 64 bits with a sign.
  case i64 = "I64"
  /// IEEE floats of 64 bits.
  case f64 = "F64"
  /// Complex numbers of two 32-bit floats.
  case c64 = "C64"
  /// Complex numbers of two 64-bit floats.
  case c128 = "C128"

  /// Bits of one element; below 8 for the packed types.
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

  /// True for the types that a model's weights may have: they widen to `Float` (`f64` narrows).
  public var isWeight: Bool { self == .f32 || self == .f16 || self == .bf16 || self == .f64 }

  /// True for whole numbers and truth values: buffers such as `position_ids`, never weights.
  public var isInteger: Bool {
    switch self {
    case .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64: true
    default: false
    }
  }

  /// Bytes of `count` elements, or nil where that overflows or is not a whole number of bytes.
  public func byteCount(of count: Int) -> Int? {
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    return overflow || total % 8 != 0 ? nil : total / 8
  }
}

/// The number of elements of a shape (1 for a scalar), or nil where the product overflows from left to right.
package func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for side in shape {
    let (next, overflow) = count.multipliedReportingOverflow(by: side)
    guard !overflow, side >= 0 else { return nil }
    count = next
  }
  return count
}
