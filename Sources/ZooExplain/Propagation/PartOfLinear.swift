import ZooRuntime
import ZooTensors

/// The weights of a linear map by their sign or size, without the bias, for products in f32. Where they are not the map's own, they are in
/// memory that is used again.
struct PartOfLinear {
  enum Part { case all, positive, negative, magnitude }

  private let map: Linear
  private let engine: Engine
  /// Nil where the map's own products do.
  private let weights: WeightMatrix?

  init(_ map: Linear, _ part: Part, _ engine: Engine) {
    (self.map, self.engine) = (map, engine)
    switch part {
    case .all: weights = engine.algebra.precision == .f32 ? nil : Self.weights(of: map, engine) { $0 }
    case .positive: weights = Self.weights(of: map, engine) { max($0, 0) }
    case .negative: weights = Self.weights(of: map, engine) { min($0, 0) }
    case .magnitude: weights = Self.weights(of: map, engine, abs)
    }
  }

  /// In line, so that the operation is part of the loop.
  @inline(__always)
  private static func weights(of map: Linear, _ engine: Engine, _ operation: @Sendable (Float) -> Float) -> WeightMatrix
  {
    let values = FloatBuffer(uninitialised: map.outputs * map.inputs), weight = map.weight
    engine.parallel.forRanges(map.outputs, atLeast: 16) { rows in
      for index in rows.lowerBound * map.inputs..<rows.upperBound * map.inputs {
        values.pointer[index] = operation(weight.pointer[index])
      }
    }
    let bytes = UnsafeRawBufferPointer(start: values.pointer, count: values.count * MemoryLayout<Float>.stride)
    return WeightMatrix(
      Tensor(dtype: .f32, shape: [map.outputs, map.inputs], data: ByteView(bytes, owner: values)))
  }

  /// `x W^T`
  func forward(_ x: Rows) -> Rows {
    let result = Rows(count: x.count, width: map.outputs)
    guard let weights else {
      map.product(x.pointer, rows: x.count, into: result.pointer, parallel: engine.parallel)
      return result
    }
    engine.algebra.exact.prepare(weights, direction: .forward, lasting: false).multiply(
      x.pointer, scaledBy: nil, rows: x.count, into: result.pointer, epilogue: .none, parallel: engine.parallel)
    return result
  }

  /// `x W`
  func backward(_ x: Rows) -> Rows {
    let result = Rows(count: x.count, width: map.inputs)
    guard let weights else {
      map.backward(x.pointer, rows: x.count, into: result.pointer, parallel: engine.parallel)
      return result
    }
    engine.algebra.exact.prepare(weights, direction: .backward, lasting: false).multiply(
      x.pointer, scaledBy: nil, rows: x.count, into: result.pointer, epilogue: .none, parallel: engine.parallel)
    return result
  }
}
