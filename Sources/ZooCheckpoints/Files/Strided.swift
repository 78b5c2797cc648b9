import ZooTensors

/// The layout of a tensor in memory: element `[i, j, …]` is at `offset + i * strides[0] + j * strides[1] + …`, counted in elements.
package struct StridedLayout: Sendable {
  package var shape: [Int]
  package var strides: [Int]
  package var offset = 0

  package init(shape: [Int], strides: [Int], offset: Int = 0) {
    (self.shape, self.strides, self.offset) = (shape, strides, offset)
  }

  package static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride = stride &* max(shape[axis], 1)
    }
    return strides
  }

  static func columnMajorStrides(_ shape: [Int]) -> [Int] { rowMajorStrides(shape.reversed()).reversed() }

  /// Whether the elements are contiguous in row-major order.
  package var isRowMajor: Bool {
    if shape.contains(0) { return true }
    let wanted = Self.rowMajorStrides(shape)
    return shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == wanted[$0] }
  }
}

/// The elements of a layout as little-endian row-major bytes: a view if they are stored like that, otherwise a copy.
///
/// - Precondition: The layout is within `source`, and its size does not overflow.
func rowMajor(_ source: ByteView, _ dtype: DType, _ layout: StridedLayout, isBigEndian: Bool = false) -> ByteView {
  let itemSize = dtype.bits / 8
  let count = layout.shape.reduce(1, *)
  if layout.isRowMajor {
    let view = source[layout.offset * itemSize..<(layout.offset + count) * itemSize]
    guard isBigEndian, dtype.componentSize > 1, count > 0 else { return view }
    let block = MemoryBlock(byteCount: view.count)
    withExtendedLifetime(source) { block.bytes.copyMemory(from: view.bytes) }
    swapBytes(block.bytes, componentSize: dtype.componentSize)
    return ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)
  }
  let block = MemoryBlock(byteCount: count * itemSize)
  guard let from = source.bytes.baseAddress, let to = block.bytes.baseAddress else { return source }
  switch itemSize {
  case 1: gather(from, to, layout, UInt8.self)
  case 2: gather(from, to, layout, UInt16.self)
  case 4: gather(from, to, layout, UInt32.self)
  case 8: gather(from, to, layout, UInt64.self)
  default:
    // Two halves of 8 bytes side by side.
    let halves = StridedLayout(
      shape: layout.shape + [2], strides: layout.strides.map { 2 * $0 } + [1], offset: 2 * layout.offset)
    gather(from, to, halves, UInt64.self)
  }
  if isBigEndian { swapBytes(block.bytes, componentSize: dtype.componentSize) }
  return ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)
}

/// Copies row by row, counting through the other axes. The layout is not empty and has at least one axis.
private func gather<Element: BitwiseCopyable>(
  _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ layout: StridedLayout, _: Element.Type
) {
  let size = MemoryLayout<Element>.size
  let axes = layout.shape.count
  let length = layout.shape[axes - 1], step = layout.strides[axes - 1] * size
  var index = [Int](repeating: 0, count: axes)
  var row = source + layout.offset * size
  var to = target
  while true {
    for column in 0..<length {
      (to + column * size).storeBytes(of: (row + column * step).loadUnaligned(as: Element.self), as: Element.self)
    }
    to += length * size
    var axis = axes - 2
    while axis >= 0 {
      index[axis] += 1
      row += layout.strides[axis] * size
      if index[axis] < layout.shape[axis] { break }
      row -= layout.strides[axis] * size * layout.shape[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

private func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, componentSize: Int) {
  switch componentSize {
  case 2: swapEach(bytes, UInt16.self)
  case 4: swapEach(bytes, UInt32.self)
  case 8: swapEach(bytes, UInt64.self)
  default: break
  }
}

private func swapEach<T: FixedWidthInteger & BitwiseCopyable>(_ bytes: UnsafeMutableRawBufferPointer, _: T.Type) {
  for at in stride(from: 0, through: bytes.count - MemoryLayout<T>.size, by: MemoryLayout<T>.size) {
    bytes.storeBytes(
      of: bytes.loadUnaligned(fromByteOffset: at, as: T.self).byteSwapped, toByteOffset: at, as: T.self)
  }
}

extension DType {
  /// The size of a number in bytes: half an element for complex types.
  var componentSize: Int { self == .c64 || self == .c128 ? bits / 16 : bits / 8 }
}
