import CZooKernels
import Testing

/// Products of 8-bit integers for every instruction set: exact for integers, others within the effect of rounding.
@Suite struct Int8KernelTests {
  private static let sets = [
    "avx512+bf16", "avx512+vnni", "avx512", "avx2+vnni", "avx2", "neon+i8mm", "neon+dotprod", "neon", "generic",
  ]
  private static let sizes = [
    (1, 2, 1), (3, 37, 5), (6, 64, 64), (7, 131, 77), (13, 256, 129), (270, 20, 70), (5, 4097, 7), (2, 3, 200),
  ]

  private func onEverySet(_ body: (String) -> Void) {
    defer { zoo_use_kernels(nil) }
    var tried = 0
    for name in Self.sets where zoo_use_kernels(name) == 1 {
      tried += 1
      body(name)
    }
    #expect(tried >= 1)
  }

  /// A weight matrix `[columns, depth]` in strips.
  private struct Packed {
    var strips: [Int32], scales: [Float], sums: [Float]
    let depth: Int, columns: Int

    /// - Parameter transposed: True to pack it from `[depth, columns]`.
    init(_ weights: [Float], depth: Int, columns: Int, transposed: Bool = false) {
      (self.depth, self.columns) = (depth, columns)
      let width = zoo_int8_strip_width(), count = (columns + width - 1) / width, deep = (depth + 3) / 4
      strips = [Int32](repeating: -1, count: count * width * deep)
      (scales, sums) = ([Float](repeating: 0, count: count * width), [Float](repeating: .nan, count: count * width))
      var source = weights
      if transposed {
        for n in 0..<columns { for k in 0..<depth { source[k * columns + n] = weights[n * depth + k] } }
      }
      var scratch = [Float](repeating: 0, count: depth), rows = [Int8](repeating: 0, count: depth * width)
      for n in stride(from: 0, to: columns, by: width) {
        source.withUnsafeBufferPointer { source in
          strips.withUnsafeMutableBufferPointer { strips in
            scales.withUnsafeMutableBufferPointer { scales in
              sums.withUnsafeMutableBufferPointer { sums in
                let count = min(width, columns - n)
                zoo_int8_columns(
                  source.baseAddress! + n * (transposed ? 1 : depth), transposed ? columns : 1, transposed ? 1 : depth,
                  depth, count, &scratch, &rows, scales.baseAddress! + n)
                zoo_int8_pack_rows(
                  rows, depth, depth, count, strips.baseAddress! + n * deep, sums.baseAddress! + n)
              }
            }
          }
        }
      }
    }

    func multiply(_ x: [Float], rows: Int, by factors: [Float]? = nil, epilogue: zoo_epilogue? = nil) -> [Float] {
      let bytes = (depth + 3) / 4 * 4, wide = columns + 3
      var quantised = [UInt8](repeating: 77, count: rows * bytes)
      var own = [Float](repeating: .nan, count: 2 * rows), y = [Float](repeating: -7, count: rows * wide)
      zoo_int8_rows(x, factors, rows, depth, &quantised, bytes, &own)
      if var epilogue {
        zoo_int8_product(quantised, bytes, own, strips, scales, sums, depth, rows, columns, &y, wide, &epilogue)
      } else {
        zoo_int8_product(quantised, bytes, own, strips, scales, sums, depth, rows, columns, &y, wide, nil)
      }
      // Values beyond the columns are not changed.
      #expect((0..<rows).allSatisfy { row in (columns..<wide).allSatisfy { y[row * wide + $0] == -7 } })
      return (0..<rows).flatMap { y[$0 * wide..<$0 * wide + columns] }
    }
  }

  private func random(_ count: Int, _ seed: UInt64) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    zoo_fill_random(&values, count, seed, 0, 0, 1)
    return values
  }

  private func product(_ x: [Float], _ weights: [Float], rows: Int, depth: Int, columns: Int) -> [Double] {
    (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return (0..<depth).reduce(0.0) { (sum: Double, k: Int) -> Double in
        sum + Double(x[row * depth + k]) * Double(weights[column * depth + k])
      }
    }
  }

  @Test(arguments: sizes)
  func wholeNumbersAreMultipliedExactly(rows: Int, depth: Int, columns: Int) {
    // Rows from 0 to 255 and weights from -127 to 127, both including their bounds, have scales of 1.
    var x = random(rows * depth, 3).map { (($0 + 1) * 127).rounded() }
    var weights = random(columns * depth, 4).map { ($0 * 127).rounded() }
    for row in 0..<rows { (x[row * depth], x[row * depth + depth - 1]) = (0, 255) }
    for column in 0..<columns { weights[column * depth + column % depth] = column % 2 == 0 ? 127 : -127 }
    let expected = product(x, weights, rows: rows, depth: depth, columns: columns)
    onEverySet { name in
      for transposed in [false, true] {
        let found = Packed(weights, depth: depth, columns: columns, transposed: transposed).multiply(x, rows: rows)
        // Sums beyond 2^24 are rounded when they become f32.
        let off = zip(found, expected).map { abs(Double($0) - $1) / max(1, abs($1) / 4e6) }.max() ?? .infinity
        #expect(off <= (depth < 512 ? 0 : 1), "\(name)")
      }
    }
  }

  @Test func theLargestSumsDoNotOverflow() {
    let depth = Int(ZOO_INT8_DEPTH), extreme = 255.0 * 127 * Double(depth - 1)
    var x = [Float](repeating: 255, count: depth)
    x[0] = 0
    let weights = [Float](repeating: 127, count: depth) + [Float](repeating: -127, count: depth)
    onEverySet { name in
      let found = Packed(weights, depth: depth, columns: 2).multiply(x, rows: 1)
      #expect(abs(Double(found[0]) - extreme) < 1e-6 * extreme, "\(name)")
      #expect(abs(Double(found[1]) + extreme) < 1e-6 * extreme, "\(name)")
    }
  }

  @Test(arguments: sizes)
  func othersAreRoundedToTheirScales(rows: Int, depth: Int, columns: Int) {
    let x = random(rows * depth, 5), weights = random(columns * depth, 6)
    let factors = (0..<depth).map { Float($0 % 3 + 1) }
    let scaled = x.indices.map { x[$0] * factors[$0 % depth] }
    for (values, factors) in [(x, [Float]?.none), (scaled, factors)] {
      let expected = product(values, weights, rows: rows, depth: depth, columns: columns)
      // Half a step of each factor times the largest other one.
      let bounds = (0..<rows).map { row in
        let own = values[row * depth..<(row + 1) * depth], size = own.map(abs).max()!
        return Float(depth) * ((own.max()! - own.min()!) / 510 + size / 254 + 1e-5)
      }
      onEverySet { name in
        let found = Packed(weights, depth: depth, columns: columns).multiply(x, rows: rows, by: factors)
        let errors = zip(found, expected).map { Double($0) - $1 }
        #expect(errors.enumerated().allSatisfy { abs(Float($0.element)) <= bounds[$0.offset / columns] }, "\(name)")
        // Rounding goes up as often as down.
        let off = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
        #expect(off < 0.02 * Double(depth).squareRoot(), "\(name)")
      }
    }
  }

  @Test func rowsOfOneValueAreExact() {
    let (depth, columns) = (75, 9), values: [Float] = [0, 1.7, -3e4, 1e-25]
    let weights = random(depth * columns, 8).map { ($0 * 127).rounded() / 127 }
    let x = values.flatMap { [Float](repeating: $0, count: depth) }
    onEverySet { name in
      let packed = Packed(weights, depth: depth, columns: columns), found = packed.multiply(x, rows: values.count)
      for (row, value) in values.enumerated() {
        for column in 0..<columns {
          let expected = value * packed.scales[column] * packed.sums[column]
          #expect(abs(found[row * columns + column] - expected) <= 1e-6 * abs(expected), "\(name), \(value)")
        }
      }
    }
  }

  @Test func whatIsNoNumberStaysNone() {
    let (depth, columns) = (70, 40)
    for broken in [Float.nan, .infinity, -.infinity] {
      for place in [0, 33, 69] {
        var x = random(3 * depth, 9), weights = random(columns * depth, 10)
        x[depth + place] = broken
        weights[7 * depth + place] = broken
        onEverySet { name in
          let found = Packed(weights, depth: depth, columns: columns).multiply(x, rows: 3)
          for (index, value) in found.enumerated() {
            let isBroken = index / columns == 1 || index % columns == 7
            #expect(
              value.isFinite == !isBroken, "\(name): \(broken) at \(place), \(index / columns), \(index % columns)")
          }
        }
      }
    }
  }

  @Test func anEpilogueFollows() {
    let (rows, depth, columns) = (270, 31, 75)
    let x = random(rows * depth, 11), weights = random(columns * depth, 12), bias = random(columns, 13)
    onEverySet { name in
      let packed = Packed(weights, depth: depth, columns: columns), plain = packed.multiply(x, rows: rows)
      let found = bias.withUnsafeBufferPointer {
        packed.multiply(
          x, rows: rows,
          epilogue: zoo_epilogue(
            bias: $0.baseAddress, activation: Int32(ZOO_RELU.rawValue), derivative: nil, moment: nil, centre: nil,
            nearly: 0))
      }
      let off = found.indices.map { abs(found[$0] - max(0, plain[$0] + bias[$0 % columns])) }.max()!
      #expect(off < 1e-5, "\(name)")
    }
  }

  @Test func aFewRowsPassTheStripsBackwards() {
    onEverySet { name in
      for (depth, columns) in [(1, 1), (37, 5), (131, 77), (256, 300)] {
        // With 127 or -127 in each column, so that the bytes are known.
        let whole = (0..<columns * depth).map {
          Float($0 % depth == 0 ? 127 - 254 * ($0 / depth % 2) : $0 * 37 % 255 - 127)
        }
        let packed = Packed(whole, depth: depth, columns: columns)
        let wide = (columns + 15) / 16 * 16, deep = (depth + 3) / 4
        for rows in [1, 2, 3, 4, 9] {
          let g = random(rows * wide, 15).enumerated().map { $0.offset % wide < columns ? $0.element : 0 }
          var y = [Float](repeating: .nan, count: rows * deep * 4)
          zoo_int8_transposed_product(
            g, wide, packed.strips, packed.scales, depth, 0, deep, rows, columns, &y, deep * 4)
          for row in 0..<rows {
            for k in 0..<depth {
              let expected = (0..<columns).reduce(0.0) { (sum: Double, column: Int) -> Double in
                sum + Double(g[row * wide + column]) * Double(whole[column * depth + k])
              }
              #expect(abs(Double(y[row * deep * 4 + k]) - expected) < 1e-3 * Double(columns).squareRoot(), "\(name)")
            }
          }
        }
      }
    }
  }
}
