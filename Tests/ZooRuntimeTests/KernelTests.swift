import CZooKernels
import Foundation
import Testing

/// Each kernel of each instruction set that this machine supports, compared with the formulas in double precision.
@Suite(.serialized) struct KernelTests {
  private static let sets = ["avx512+bf16", "avx512", "avx2", "generic", "neon"].filter { name in
    defer { zoo_use_kernels(nil) }
    return zoo_use_kernels(name) == 1
  }

  struct Size: CustomTestStringConvertible, Sendable {
    let tokens: Int, width: Int
    init(_ tokens: Int, _ width: Int) { (self.tokens, self.width) = (tokens, width) }
    var testDescription: String { "\(tokens) x \(width)" }
  }

  struct Shape: CustomTestStringConvertible, Sendable {
    let rows: Int, depth: Int, columns: Int
    init(_ rows: Int, _ depth: Int, _ columns: Int) { (self.rows, self.depth, self.columns) = (rows, depth, columns) }
    var testDescription: String { "\(rows) x \(depth) x \(columns)" }
  }

  private static let sizes = [Size(1, 3), Size(7, 5), Size(50, 64), Size(70, 80), Size(33, 13)]
  private static let pairedSizes = [Size(1, 3), Size(7, 5), Size(51, 64), Size(130, 80), Size(33, 13)]

  @Test func anUnknownSetIsRefusedAndThePlainOneIsThere() {
    #expect(zoo_use_kernels("no such set") == 0)
    #expect(Self.sets.contains { ["generic", "neon"].contains($0) })
  }

  private func with(_ set: String, _ work: () -> Void) {
    #expect(zoo_use_kernels(set) == 1)
    defer { zoo_use_kernels(nil) }
    work()
  }

  @Test(arguments: sets) func activationsAndTheirSlopes(_ set: String) {
    with(set) { activations(set) }
  }

  @Test(arguments: sets) func normsAndTheirGradients(_ set: String) {
    with(set) { norms(set) }
  }

  @Test(arguments: sets, [1, 2, 4, 9]) func sharesOfRows(_ set: String, _ count: Int) {
    with(set) { shares(set, rows: 6, count: count, width: 53) }
  }

  @Test(arguments: sets, sizes) func attentionWithItsProbabilities(_ set: String, _ size: Size) {
    with(set) { attention(set, tokens: size.tokens, width: size.width) }
  }

  @Test(arguments: sets, sizes) func sumsOfPositiveProducts(_ set: String, _ size: Size) {
    with(set) { reluSums(set, tokens: size.tokens, width: size.width) }
  }

  @Test(arguments: sets, pairedSizes) func attentionInBF16(_ set: String, _ size: Size) {
    with(set) { pairedAttention(set, tokens: size.tokens, width: size.width) }
  }

  @Test(arguments: sets, pairedSizes) func sumsOfPositiveProductsInBF16(_ set: String, _ size: Size) {
    with(set) { reluSums(set, tokens: size.tokens, width: size.width, bf16: true) }
  }

  @Test(arguments: sets, [Shape(1, 1, 1), Shape(5, 33, 70), Shape(13, 64, 200), Shape(30, 2049, 65)])
  func productsOfStrips(_ set: String, _ shape: Shape) {
    with(set) { strips(set, rows: shape.rows, depth: shape.depth, columns: shape.columns) }
  }

  private func values(_ count: Int, _ seed: UInt64, spread: Float = 1) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    zoo_fill_random(&result, count, seed, 0, 0, spread)
    return result
  }

  /// Products by strips made from a matrix and from its transpose, and by the matrix in place.
  private func strips(_ name: String, rows: Int, depth: Int, columns: Int) {
    // Values with few bits, so that bf16 represents them exactly.
    func coarse(_ count: Int, _ seed: UInt64) -> [Float] { values(count, seed).map { ($0 * 64).rounded() / 64 } }
    let x = coarse(rows * depth, 21), b = coarse(depth * columns, 22), width = Int(zoo_strip_width())
    let scale = (0..<depth).map { Float(sign: .plus, exponent: $0 % 3, significand: 1) }
    let transposed = (0..<columns).flatMap { n in (0..<depth).map { b[$0 * columns + n] } }
    var expected = [Double](repeating: 0, count: rows * columns), scaled = expected
    for i in 0..<rows {
      for k in 0..<depth {
        let factor = Double(x[i * depth + k])
        for n in 0..<columns {
          expected[i * columns + n] += factor * Double(b[k * columns + n])
          scaled[i * columns + n] += factor * Double(scale[k]) * Double(b[k * columns + n])
        }
      }
    }
    // The other direction, for rows that are padded with zeros.
    let padded = (columns + 15) / 16 * 16, rounded = coarse(rows * padded, 23)
    let g = rounded.enumerated().map { $0.offset % padded < columns ? $0.element : 0 }
    let transposedProduct = (0..<rows * depth).map { index in
      (0..<columns).reduce(0.0) {
        $0 + Double(g[index / depth * padded + $1]) * Double(b[index % depth * columns + $1])
      }
    }
    func worst(_ found: [Float], _ expected: [Double]) -> Double {
      zip(found, expected).map { abs(Double($0) - $1) }.max()! / Double(depth).squareRoot()
    }
    for bf16 in zoo_multiplies_bf16() == 1 ? [false, true] : [false] {
      let deep = bf16 ? (depth + 1) / 2 : depth
      for (matrix, down, across) in [(b, columns, 1), (transposed, 1, depth)] {
        var packed = [Float](repeating: .nan, count: (columns + width - 1) / width * width * deep)
        packed.withUnsafeMutableBufferPointer { packed in
          for first in stride(from: 0, to: columns, by: width) {
            matrix.withUnsafeBufferPointer {
              zoo_pack_strip(
                $0.baseAddress! + first * across, down, across, depth, min(width, columns - first), bf16 ? 1 : 0,
                packed.baseAddress! + first * deep)
            }
          }
        }
        // A wider target: values beyond the columns must not change.
        let wide = columns + 3
        func product(_ scale: [Float]?) -> [Float] {
          var y = [Float](repeating: 7, count: rows * wide)
          if bf16 {
            var pairs = [Float](repeating: .nan, count: rows * deep)
            pairs.withUnsafeMutableBytes {
              zoo_narrow_rows(x, scale, rows, depth, $0.bindMemory(to: UInt16.self).baseAddress!, 2 * deep)
            }
            zoo_strip_product(pairs, deep, packed, depth, rows, columns, 1, &y, wide, nil)
          } else {
            zoo_strip_product(x, deep, packed, depth, rows, columns, 0, &y, wide, nil)
          }
          #expect(
            (0..<rows).allSatisfy { row in (0..<3).allSatisfy { y[row * wide + columns + $0] == 7 } }, "\(name)")
          return (0..<rows).flatMap { y[$0 * wide..<$0 * wide + columns] }
        }
        #expect(worst(product(nil), expected) < 2e-6, "\(name), bf16 \(bf16), \(rows) x \(depth) x \(columns)")
        if bf16 { #expect(worst(product(scale), scaled) < 8e-6, "\(name), scaled") }
        let even = bf16 ? 2 * deep : depth, half = deep / 2
        var back = [Float](repeating: .nan, count: rows * even)
        for (first, last) in [(0, half), (half, deep)] {
          zoo_transposed_product(g, padded, packed, deep, first, last, rows, columns, bf16 ? 1 : 0, &back, even)
        }
        let whole = (0..<rows).flatMap { back[$0 * even..<$0 * even + depth] }
        #expect(worst(whole, transposedProduct) < 2e-6, "\(name), transposed, bf16 \(bf16)")
      }
    }
    var few = [Float](repeating: .nan, count: rows * columns)
    zoo_few_rows_product(x, b, columns, depth, rows, columns, &few, columns)
    #expect(worst(few, expected) < 2e-6, "\(name), where the matrix lies")
  }

  private func activations(_ name: String) {
    let x = values(1003, 1, spread: 12), normal = { (v: Double) in 0.5 * erfc(-v / 2.0.squareRoot()) }
    func sigmoid(_ v: Double) -> Double { 1 / (1 + exp(-v)) }
    let formulas: [(UInt32, (Double) -> Double)] = [
      (ZOO_GELU.rawValue, { $0 * normal($0) }),
      (
        ZOO_GELU_TANH.rawValue,
        { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
      ),
      (ZOO_QUICK_GELU.rawValue, { $0 * sigmoid(1.702 * $0) }), (ZOO_SILU.rawValue, { $0 * sigmoid($0) }),
    ]
    for (number, formula) in formulas {
      var y = x, slope = x
      zoo_activate(&y, nil, Int32(number), 17, 59, &slope)
      for (index, input) in x.map(Double.init).enumerated() {
        let difference = 1e-4, want = (formula(input + difference) - formula(input - difference)) / (2 * difference)
        #expect(abs(Double(y[index]) - formula(input)) < 3e-6, "\(name) activation \(number) at \(input)")
        #expect(abs(Double(slope[index]) - want) < 4e-6, "\(name) derivative \(number) at \(input)")
      }
      // Values that are rounded next; with a derivative they stay exact.
      var after = zoo_epilogue()
      (after.activation, after.nearly) = (Int32(number), 1)
      y = x
      zoo_follow(&y, 17, 59, &after)
      for (found, input) in zip(y, x.map(Double.init)) {
        #expect(abs(Double(found) - formula(input)) < 5e-5, "\(name) activation \(number) nearly, at \(input)")
      }
      y = x
      slope.withUnsafeMutableBufferPointer {
        after.derivative = $0.baseAddress
        zoo_follow(&y, 17, 59, &after)
      }
      for (found, input) in zip(y, x.map(Double.init)) {
        #expect(abs(Double(found) - formula(input)) < 3e-6, "\(name) activation \(number) with a slope, at \(input)")
      }
    }
  }

  private func norms(_ name: String) {
    let width = 37, rows = 3, x = values(rows * width, 2), gamma = values(width, 3), beta = values(width, 4)
    var y = x, mean = [Float](repeating: 0, count: rows), inverse = mean
    zoo_layer_norm(x, rows, width, gamma, beta, 1e-5, &y, &mean, &inverse)
    func norm(_ row: [Double]) -> [Double] {
      let average = row.reduce(0, +) / Double(width)
      let variance = row.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(width)
      return row.indices.map {
        (row[$0] - average) / (variance + 1e-5).squareRoot() * Double(gamma[$0]) + Double(beta[$0])
      }
    }
    var units = x
    zoo_normalise(x, mean, inverse, gamma, rows, width, &units)
    for (index, unit) in units.enumerated() {
      #expect(abs(unit + beta[index % width] - y[index]) < 1e-5, "\(name)")
    }
    let direction = values(rows * width, 5)
    var g = direction
    zoo_layer_norm_backward(&g, x, mean, inverse, gamma, rows, width)
    for row in 0..<rows {
      let input = (0..<width).map { Double(x[row * width + $0]) }
      for (k, want) in norm(input).enumerated() { #expect(abs(Double(y[row * width + k]) - want) < 1e-5, "\(name)") }
      for k in 0..<width {
        var (above, below) = (input, input)
        above[k] += 1e-5
        below[k] -= 1e-5
        let want = zip(norm(above), norm(below)).enumerated().reduce(0.0) { sum, pair in
          sum + (pair.element.0 - pair.element.1) / 2e-5 * Double(direction[row * width + pair.offset])
        }
        #expect(abs(Double(g[row * width + k]) - want) < 2e-5, "\(name) gradient \(row), \(k)")
      }
    }
  }

  private func shares(_ name: String, rows: Int, count: Int, width: Int) {
    let x = values(rows * width, 31), y = values(count * width, 32), scales = values(rows, 33)
    var dots = [Float](repeating: .nan, count: rows * count)
    zoo_row_dots(x, rows, y, count, width, &dots)
    for i in 0..<rows {
      for j in 0..<count {
        let want = (0..<width).reduce(0.0) { $0 + Double(x[i * width + $1]) * Double(y[j * width + $1]) }
        #expect(abs(Double(dots[i * count + j]) - want) < 1e-5, "\(name)")
      }
    }
    let along = values(rows * width, 34), base = values(width, 35)
    var left = x
    zoo_take_share(&left, along, dots, count, scales, base, rows, width)
    for index in left.indices {
      let (i, k) = (index / width, index % width)
      let want =
        Double(base[k]) + Double(scales[i]) * (Double(x[index]) - Double(dots[i * count]) * Double(along[index]))
      #expect(abs(Double(left[index]) - want) < 1e-5, "\(name)")
    }
  }

  private func attention(_ name: String, tokens: Int, width: Int) {
    let stride = 3 * width + 1, qkv = values(tokens * stride, 6, spread: 2), scale = 1 / Double(width).squareRoot()
    for mask in [ZOO_MASK_NONE, ZOO_MASK_CAUSAL] {
      var out = [Float](repeating: 0, count: tokens * width), weights = [Float](repeating: 0, count: tokens * tokens)
      var scratch = [Float](repeating: 0, count: zoo_attention_scratch(tokens, width))
      qkv.withUnsafeBufferPointer { qkv in
        let q = qkv.baseAddress!
        zoo_attention(
          q, stride, q + width, q + 2 * width, stride, tokens, tokens, width, Float(scale), nil, Int32(mask.rawValue),
          0, &out, width, &scratch, &weights)
      }
      for i in 0..<tokens {
        let visible = mask == ZOO_MASK_CAUSAL ? i + 1 : tokens
        let scores = (0..<visible).map { j in
          (0..<width).reduce(0.0) { $0 + Double(qkv[i * stride + $1]) * Double(qkv[j * stride + width + $1]) } * scale
        }
        let top = scores.max()!, powers = scores.map { exp($0 - top) }, total = powers.reduce(0, +)
        for j in 0..<tokens {
          #expect(abs(Double(weights[i * tokens + j]) - (j < visible ? powers[j] / total : 0)) < 2e-6, "\(name)")
        }
        for k in 0..<width {
          let want = (0..<visible).reduce(0.0) { $0 + powers[$1] / total * Double(qkv[$1 * stride + 2 * width + k]) }
          #expect(abs(Double(out[i * width + k]) - want) < 5e-6, "\(name) attention \(tokens)x\(width)")
        }
      }
    }
  }

  /// With factors that bf16 represents exactly, only the weights of the values are rounded: to 2^-9 of each.
  private func pairedAttention(_ name: String, tokens: Int, width: Int) {
    let qkv = values(tokens * 3 * width, 9, spread: 2).map(rounded), stride = 3 * width
    let scale = 1 / Double(width).squareRoot()
    for mask in [ZOO_MASK_NONE, ZOO_MASK_CAUSAL] {
      var out = [Float](repeating: 0, count: tokens * width)
      var scratch = [Float](repeating: 0, count: zoo_attention_scratch(tokens, width))
      qkv.withUnsafeBufferPointer { qkv in
        let q = qkv.baseAddress!
        zoo_attention(
          q, stride, q + width, q + 2 * width, stride, tokens, tokens, width, Float(scale), nil, Int32(mask.rawValue),
          1, &out, width, &scratch, nil)
      }
      for i in 0..<tokens {
        let visible = mask == ZOO_MASK_CAUSAL ? i + 1 : tokens
        let powers = (0..<visible).map { j in
          exp((0..<width).reduce(0.0) { $0 + Double(qkv[i * stride + $1] * qkv[j * stride + width + $1]) } * scale)
        }
        let total = powers.reduce(0, +)
        for k in 0..<width {
          var want = 0.0, size = 0.0
          for j in 0..<visible {
            let product = powers[j] / total * Double(qkv[j * stride + 2 * width + k])
            want += product
            size += abs(product)
          }
          #expect(abs(Double(out[i * width + k]) - want) < size / 400 + 5e-6, "\(name) bf16 \(tokens)x\(width)")
        }
      }
    }
  }

  /// The nearest bf16.
  private func rounded(_ value: Float) -> Float {
    Float(bitPattern: (value.bitPattern + 0x7FFF + (value.bitPattern >> 16 & 1)) & 0xFFFF_0000)
  }

  private func reluSums(_ name: String, tokens: Int, width: Int, bf16: Bool = false) {
    let rows = tokens + 2, narrow: Int32 = bf16 ? 1 : 0
    let r = values(rows * width, 7).map { bf16 ? rounded($0) : $0 }
    let v = values(tokens * width, 8).map { bf16 ? rounded($0) : $0 }
    var sums = [Float](repeating: 1, count: tokens)
    var scratch = [Float](repeating: 0, count: zoo_relu_sums_scratch(tokens, width))
    var table = [Float](repeating: 0, count: zoo_relu_values_size(tokens, width))
    zoo_relu_values(v, width, tokens, width, narrow, &table)
    zoo_relu_sums(r, width, table, rows, tokens, width, narrow, &sums, &scratch)
    for j in 0..<tokens {
      let want = (0..<rows).reduce(1.0) { sum, i in
        sum + max(0, (0..<width).reduce(0.0) { $0 + Double(r[i * width + $1]) * Double(v[j * width + $1]) })
      }
      #expect(abs(Double(sums[j]) - want) < 2e-6 * max(1, want), "\(name) relu sums \(tokens)x\(width)")
    }
  }
}
