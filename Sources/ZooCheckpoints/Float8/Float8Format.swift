import ZooTensors

/// How to read the bits of an 8-bit float (OCP 8-bit floating point, and the forms without a negative zero by AMD and Graphcore).
struct Float8Format {
  private let mantissaBits: Int
  private let bias: Int
  /// The bytes, without sign, that mean NaN or infinity.
  private let special: [UInt8: Float]
  /// Whether the byte of negative zero means NaN.
  private let isUnsignedZero: Bool

  /// Nil for an element type that is not an 8-bit float used for weights.
  init?(_ dtype: DType) {
    switch dtype {
    case .f8e4m3: (mantissaBits, bias, special, isUnsignedZero) = (3, 7, [0x7F: .nan], false)
    case .f8e5m2:
      (mantissaBits, bias, isUnsignedZero) = (2, 15, false)
      special = [0x7C: .infinity, 0x7D: .nan, 0x7E: .nan, 0x7F: .nan]
    case .f8e4m3fnuz: (mantissaBits, bias, special, isUnsignedZero) = (3, 8, [:], true)
    case .f8e5m2fnuz: (mantissaBits, bias, special, isUnsignedZero) = (2, 16, [:], true)
    default: return nil
    }
  }

  /// The value of every byte.
  var values: [Float] { (0...255).map { value(UInt8($0)) } }

  private func value(_ byte: UInt8) -> Float {
    if isUnsignedZero, byte == 0x80 { return .nan }
    let magnitude = byte & 0x7F
    let sign: Float = byte & 0x80 == 0 ? 1 : -1
    if let known = special[magnitude] { return sign * known }
    let exponent = Int(magnitude >> mantissaBits), mantissa = Int(magnitude) & (1 << mantissaBits - 1)
    let significand = exponent == 0 ? mantissa : mantissa | 1 << mantissaBits
    return sign * Float(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: Float(significand))
  }
}

/// The bits of the 16-bit float that equals a value it can represent.
func halfBits(_ value: Float) -> UInt16 {
  let sign = UInt16(value.bitPattern >> 16) & 0x8000
  if value.isNaN { return sign | 0x7E00 }
  if value.isInfinite { return sign | 0x7C00 }
  if value.magnitude < 0x1p-14 { return sign | UInt16(value.magnitude * 0x1p24) }
  return sign | UInt16(value.exponent + 15) << 10 | UInt16(value.bitPattern >> 13 & 0x3FF)
}
