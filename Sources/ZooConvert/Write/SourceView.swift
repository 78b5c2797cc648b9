import CZooKernels
import ZooCheckpoints
import ZooTensors

/// A strided view of a source tensor, or zeros: one piece of a canonical tensor.
struct SourceView {
  /// Nil for zeros.
  let tensor: Tensor?
  var shape: [Int]
  /// In elements.
  var strides: [Int]
  var offset = 0

  init(_ tensor: Tensor) {
    self.tensor = tensor
    shape = tensor.shape
    strides = StridedLayout.rowMajorStrides(tensor.shape)
  }

  init(zeros shape: [Int]) {
    tensor = nil
    self.shape = shape
    strides = StridedLayout.rowMajorStrides(shape)
  }

  var count: Int { shape.reduce(1, *) }
  /// Whether the elements are contiguous in memory.
  var isContiguous: Bool { StridedLayout(shape: shape, strides: strides).isRowMajor }
}

extension SourceView {
  /// The same elements in another shape, if strides can express it: axes of a transposed view may be split, not merged.
  fileprivate func reshaped(_ target: [Int]) -> SourceView? {
    var view = self
    view.shape = target
    view.strides = StridedLayout.rowMajorStrides(target)
    if isContiguous { return view }
    let axes = zip(shape, strides).filter { $0.0 != 1 }
    var old = 0, new = 0
    while new < target.count, old < axes.count {
      // The shortest runs of old and of new axes that hold the same number of elements.
      var oldEnd = old + 1, newEnd = new + 1
      var (oldCount, newCount) = (axes[old].0, target[new])
      while oldCount != newCount {
        if newCount < oldCount {
          guard newEnd < target.count else { return nil }
          newCount *= target[newEnd]
          newEnd += 1
        } else {
          guard oldEnd < axes.count else { return nil }
          oldCount *= axes[oldEnd].0
          oldEnd += 1
        }
      }
      for axis in old..<oldEnd - 1 where axes[axis].1 != axes[axis + 1].0 * axes[axis + 1].1 { return nil }
      var stride = axes[oldEnd - 1].1
      for axis in (new..<newEnd).reversed() {
        view.strides[axis] = stride
        stride *= target[axis]
      }
      (old, new) = (oldEnd, newEnd)
    }
    return old == axes.count ? view : nil
  }
}

extension TensorExpression {
  /// Bytes of a tensor that are held at a time if it is not a view.
  private static let partSize = 32 << 20

  /// Calls `body` with the pieces of the result, in order along the first axis.
  ///
  /// Mapped tensors are views, whose bytes are not touched; others are inflated or gathered piece by piece, as needed. The expression must have a
  /// shape (`shape != nil`), which a plan without problems guarantees.
  func forEachPiece(in checkpoint: Checkpoint, _ body: (SourceView) throws -> Void) throws {
    switch self {
    case .concat(let operands), .reshape(.concat(let operands), _):
      for operand in operands { try operand.forEachPiece(in: checkpoint, body) }
    case .tensor(let name, let shape):
      guard checkpoint.isReadInParts(name), let count = shape.first, count > 0,
        let size = checkpoint.entry(name)?.byteCount, size > Self.partSize
      else { return try body(view(in: checkpoint)) }
      let rows = max(1, Self.partSize / max(1, size / count))
      for first in stride(from: 0, to: count, by: rows) {
        try body(SourceView(try checkpoint.tensor(name, rows: first..<min(count, first + rows))))
      }
    default: try body(view(in: checkpoint))
    }
  }

  /// The result as one view.
  private func view(in checkpoint: Checkpoint) throws -> SourceView {
    switch self {
    case .tensor(let name, _): return SourceView(try checkpoint.tensor(name))
    case .zeros(let shape): return SourceView(zeros: shape)
    case .concat: preconditionFailure("layouts join pieces last")
    case .transpose(let operand, let axes):
      var view = try operand.view(in: checkpoint)
      view.shape = axes.map { view.shape[$0] }
      view.strides = axes.map { view.strides[$0] }
      return view
    // A layer of a compressed stack: the layers are requested in order.
    case .slice(.tensor(let name, _), 0, let range) where checkpoint.isReadInParts(name):
      return SourceView(try checkpoint.tensor(name, rows: range))
    case .slice(let operand, let axis, let range):
      var view = try operand.view(in: checkpoint)
      view.offset += range.lowerBound * view.strides[axis]
      view.shape[axis] = range.count
      return view
    case .reshape(let operand, let shape):
      guard let view = try operand.view(in: checkpoint).reshaped(shape) else {
        preconditionFailure("layouts merge axes before they transpose")
      }
      return view
    }
  }
}

extension SourceView {
  /// Calls `body` with the elements in row-major order as little-endian bytes of `dtype`, at most about `chunk` bytes of the source at a time.
  func stream(as dtype: DType, chunk: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard count > 0 else { return }
    guard let tensor, let base = tensor.data.bytes.baseAddress else {
      try streamZeros(byteCount: dtype.byteCount(of: count) ?? 0, chunk: chunk, body)
      return
    }
    let size = tensor.dtype.bits / 8
    if isContiguous {
      let start = base + offset * size
      try stride(from: 0, to: count, by: max(1, chunk / size)).forEach { first in
        let length = min(max(1, chunk / size), count - first)
        let bytes = UnsafeRawBufferPointer(start: start + first * size, count: length * size)
        try cast(bytes, from: tensor.dtype, to: dtype, body)
      }
    } else {
      // Rows of the first axis, gathered into a block.
      let rowCount = count / shape[0]
      let rows = max(1, chunk / (size * max(1, rowCount)))
      let block = MemoryBlock(byteCount: min(rows, shape[0]) * rowCount * size)
      defer { withExtendedLifetime(block) {} }
      for first in Swift.stride(from: 0, to: shape[0], by: rows) {
        var part = self
        part.offset += first * strides[0]
        part.shape[0] = min(rows, shape[0] - first)
        guard let target = block.bytes.baseAddress else { return }
        part.gather(from: base, to: target, size: size)
        try cast(
          UnsafeRawBufferPointer(start: target, count: part.count * size), from: tensor.dtype, to: dtype, body)
      }
    }
  }

  private func streamZeros(byteCount: Int, chunk: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let zeros = [UInt8](repeating: 0, count: min(byteCount, chunk))
    var left = byteCount
    while left > 0 {
      try zeros.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0.prefix(left))) }
      left -= min(left, zeros.count)
    }
  }

  /// Copies the elements in row-major order; the last two axes by a kernel, the others by recursion.
  private func gather(from base: UnsafeRawPointer, to target: UnsafeMutableRawPointer, size: Int) {
    if shape.count > 2 {
      let inner = shape.dropFirst().reduce(1, *)
      for index in 0..<shape[0] {
        var part = self
        part.offset += index * strides[0]
        part.shape.removeFirst()
        part.strides.removeFirst()
        part.gather(from: base, to: target + index * inner * size, size: size)
      }
      return
    }
    let rows = shape.count == 2 ? shape[0] : 1, rowStep = shape.count == 2 ? strides[0] : 0
    let columns = shape.last ?? 1, columnStep = strides.last ?? 1
    let source = base + offset * size
    switch size {
    case 2: zoo_gather_16(source, target, rows, columns, rowStep, columnStep)
    case 4: zoo_gather_32(source, target, rows, columns, rowStep, columnStep)
    default: zoo_gather_64(source, target, rows, columns, rowStep, columnStep)
    }
  }
}

/// Passes on the bytes of weights in another element type, converted through f32.
private func cast(
  _ bytes: UnsafeRawBufferPointer, from source: DType, to target: DType, _ body: (UnsafeRawBufferPointer) throws -> Void
) throws {
  guard source != target, let start = bytes.baseAddress else { return try body(bytes) }
  let count = bytes.count / (source.bits / 8)
  let wide = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
  defer { wide.deallocate() }
  guard let floats = wide.baseAddress else { return }
  switch source {
  case .f16: zoo_widen_f16(start, floats, count)
  case .bf16: zoo_widen_bf16(start, floats, count)
  case .f64: zoo_narrow_f64(start, floats, count)
  default: UnsafeMutableRawPointer(floats).copyMemory(from: start, byteCount: bytes.count)
  }
  guard target == .f16 || target == .bf16 else { return try body(UnsafeRawBufferPointer(wide)) }
  let narrow = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: count)
  defer { narrow.deallocate() }
  guard let halves = narrow.baseAddress else { return }
  if target == .f16 { zoo_narrow_to_f16(floats, halves, count) } else { zoo_narrow_to_bf16(floats, halves, count) }
  try body(UnsafeRawBufferPointer(narrow))
}
