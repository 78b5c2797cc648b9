import CZooKernels
import ZooRuntime
import ZooTensors

/// A part of each weight of a linear map, without the bias, for products in f32.
struct PartOfLinear {
  private let map: Linear
  private let part: WeightPart
  private let engine: Engine

  init(_ map: Linear, _ part: WeightPart, _ engine: Engine) { (self.map, self.part, self.engine) = (map, part, engine) }

  /// Whether the map's own products can be used.
  private var isWhole: Bool { part == .all && engine.algebra.precision == .f32 }

  /// The part as a separate matrix, in reused memory.
  private func made(_ direction: Direction) -> any PreparedMatrix {
    let values = FloatBuffer(uninitialised: map.outputs * map.inputs), weight = map.weight
    engine.parallel.forRanges(map.outputs, atLeast: 16) { rows in
      let start = rows.lowerBound * map.inputs
      zoo_parts(weight.pointer + start, part.kernel, values.pointer + start, rows.count * map.inputs)
    }
    let bytes = UnsafeRawBufferPointer(start: values.pointer, count: values.count * MemoryLayout<Float>.stride)
    let matrix = WeightMatrix(
      Tensor(dtype: .f32, shape: [map.outputs, map.inputs], data: ByteView(bytes, owner: values)))
    return engine.algebra.exact.prepare(matrix, direction: direction, lasting: false)
  }

  private func multiply(_ x: Rows, _ direction: Direction) -> Rows {
    let prepared = map.part(part, direction: direction) ?? made(direction)
    let result = Rows(count: x.count, width: prepared.outputs)
    prepared.multiply(
      x.pointer, scaledBy: nil, rows: x.count, into: result.pointer, epilogue: .none, parallel: engine.parallel)
    return result
  }

  /// `x W^T`
  func forward(_ x: Rows) -> Rows {
    guard isWhole else { return multiply(x, .forward) }
    let result = Rows(count: x.count, width: map.outputs)
    map.product(x.pointer, rows: x.count, into: result.pointer, parallel: engine.parallel)
    return result
  }

  /// `x W`
  func backward(_ x: Rows) -> Rows {
    guard isWhole else { return multiply(x, .backward) }
    let result = Rows(count: x.count, width: map.inputs)
    map.backward(x.pointer, rows: x.count, into: result.pointer, parallel: engine.parallel)
    return result
  }
}
