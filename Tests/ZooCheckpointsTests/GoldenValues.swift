import Foundation
import ZooTensors

/// A number as `containers/expected.json` writes it.
enum GoldenValue: Equatable {
  case number(Double)
  case integer(String)
  case pair(Double, Double)
  case truth(Bool)

  static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.number(let x), .number(let y)): same(x, y)
    case (.integer(let x), .integer(let y)): x == y
    case (.pair(let x, let y), .pair(let u, let v)): same(x, u) && same(y, v)
    case (.truth(let x), .truth(let y)): x == y
    default: false
    }
  }

  /// Equality that includes the sign of zero, but not the last digit, which Foundation's JSON reader may get wrong; NaN equals NaN.
  private static func same(_ x: Double, _ y: Double) -> Bool {
    if x.isNaN || y.isNaN { return x.isNaN && y.isNaN }
    return (x == y || abs(x - y) <= 4e-15 * abs(x)) && x.sign == y.sign
  }

  /// The value of a JSON node for a tensor of this type.
  init(_ node: Any, _ dtype: DType) {
    func number(_ node: Any) -> Double {
      if let text = node as? String { return text == "inf" ? .infinity : text == "-inf" ? -.infinity : .nan }
      return (node as? NSNumber)?.doubleValue ?? .nan
    }
    if dtype == .bool {
      self = .truth((node as? NSNumber)?.boolValue ?? false)
    } else if dtype.isInteger {
      self = .integer(node as? String ?? "\(node as? NSNumber ?? 0)")
    } else if let pair = node as? [Any] {
      self = .pair(number(pair[0]), number(pair[1]))
    } else {
      self = .number(number(node))
    }
  }
}

extension Tensor {
  /// All elements, decoded without the code under test.
  var goldenValues: [GoldenValue] {
    func load<T: BitwiseCopyable>(_: T.Type, _ index: Int) -> T {
      data.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
    }
    return (0..<count).map { index in
      switch dtype {
      case .bool: .truth(load(UInt8.self, index) != 0)
      case .u8: .integer("\(load(UInt8.self, index))")
      case .i8: .integer("\(load(Int8.self, index))")
      case .u16: .integer("\(load(UInt16.self, index))")
      case .i16: .integer("\(load(Int16.self, index))")
      case .u32: .integer("\(load(UInt32.self, index))")
      case .i32: .integer("\(load(Int32.self, index))")
      case .u64: .integer("\(load(UInt64.self, index))")
      case .i64: .integer("\(load(Int64.self, index))")
      case .f16: .number(Double(Float16(bitPattern: load(UInt16.self, index))))
      case .bf16: .number(Double(Float(bitPattern: UInt32(load(UInt16.self, index)) << 16)))
      case .f32: .number(Double(load(Float.self, index)))
      case .f64: .number(load(Double.self, index))
      case .c64: .pair(Double(load(Float.self, 2 * index)), Double(load(Float.self, 2 * index + 1)))
      case .f8e4m3: .number(float8(load(UInt8.self, index), mantissa: 3, bias: 7, .oneNaN))
      case .f8e5m2: .number(float8(load(UInt8.self, index), mantissa: 2, bias: 15, .ieee))
      case .f8e4m3fnuz: .number(float8(load(UInt8.self, index), mantissa: 3, bias: 8, .negativeZeroIsNaN))
      case .f8e5m2fnuz: .number(float8(load(UInt8.self, index), mantissa: 2, bias: 16, .negativeZeroIsNaN))
      case .f8e8m0: .number(load(UInt8.self, index) == 255 ? .nan : exp2(Double(load(UInt8.self, index)) - 127))
      default: .integer("unknown")
      }
    }
  }
}

private enum Float8Kind { case ieee, oneNaN, negativeZeroIsNaN }

private func float8(_ bits: UInt8, mantissa: Int, bias: Int, _ kind: Float8Kind) -> Double {
  let sign: Double = bits & 0x80 != 0 ? -1 : 1
  let magnitude = Int(bits & 0x7F)
  let exponent = magnitude >> mantissa, fraction = magnitude & (1 << mantissa - 1)
  if kind == .negativeZeroIsNaN && bits == 0x80 || kind == .oneNaN && magnitude == 0x7F { return .nan }
  if kind == .ieee && exponent == 0x7F >> mantissa { return fraction == 0 ? sign * .infinity : .nan }
  let scale = Double(1 << mantissa)
  let value =
    exponent == 0
    ? Double(fraction) / scale * exp2(Double(1 - bias))
    : (1 + Double(fraction) / scale) * exp2(Double(exponent - bias))
  return sign * value
}
