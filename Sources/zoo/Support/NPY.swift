import Foundation
import ZooCheckpoints

/// Floats as a version 1.0 `.npy` file: little-endian f32, C order.
func npyData(_ values: [Float], shape: [Int]) -> Data {
  var data = Data(npyHeader(.f32, shape) ?? [])
  for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
  return data
}
