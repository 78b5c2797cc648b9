import CZooKernels
import Testing
import ZooTensors

@Suite struct WideningTests {
  @Test func everyHalfPrecisionValueWidensAndNarrowsBack() {
    let all = (0...UInt16.max).map { $0 }
    let floats = Tensor(dtype: .f16, shape: [all.count], data: ByteView(copying: all)).floats()!
    for (bits, value) in zip(all, floats) {
      let want = Float(Float16(bitPattern: bits))
      #expect(value.bitPattern == want.bitPattern || (value.isNaN && want.isNaN), "half \(bits)")
    }
    var back = [UInt16](repeating: 0, count: all.count)
    zoo_narrow_to_f16(floats, &back, all.count)
    for (bits, value, again) in zip3(all, floats, back) { #expect(value.isNaN || bits == again, "half \(bits)") }
  }

  @Test func narrowingToHalfRoundsAsTheStandardLibraryDoes() {
    var generator = SystemRandomNumberGenerator()
    let values = (0..<200_000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)) }
    var narrow = [UInt16](repeating: 0, count: values.count)
    zoo_narrow_to_f16(values, &narrow, values.count)
    for (value, bits) in zip(values, narrow) where !value.isNaN {
      #expect(Float16(value).bitPattern == bits, "\(value)")
    }
  }

  @Test func brainFloatsAreTheUpperHalfOfAFloat() {
    let tensor = Tensor(dtype: .bf16, shape: [3], data: ByteView(copying: [0x3F80, 0xC0A0, 0x7F80] as [UInt16]))
    #expect(tensor.floats() == [1, -5, .infinity])
    var narrow = [UInt16](repeating: 0, count: 3)
    zoo_narrow_to_bf16([1.00390625, 1.01171875, -.infinity], &narrow, 3)  // two ties, to even
    #expect(narrow == [0x3F80, 0x3F82, 0xFF80])
  }

  @Test func elementsMayLieAtAnyAlignment() {
    let raw: [UInt8] = [9, 0, 0, 128, 63, 0, 0, 0, 192]
    let tensor = Tensor(dtype: .f32, shape: [2], data: ByteView(copying: raw)[1..<9])
    #expect(tensor.floats() == [1, -2])
  }

  private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] { a.indices.map { (a[$0], b[$0], c[$0]) } }
}
