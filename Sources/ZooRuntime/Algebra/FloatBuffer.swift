import CZooKernels
import ZooTensors

/// `count` floats, 64-byte aligned. The owner decides who writes; there is no locking.
package final class FloatBuffer: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int
  private let block: MemoryBlock

  /// Initialised to zero.
  package convenience init(_ count: Int) {
    self.init(uninitialised: count)
    pointer.update(repeating: 0, count: count)
  }

  /// Uninitialised: write before reading.
  package init(uninitialised count: Int) {
    self.count = count
    block = Scratch.take(max(count, 1) * MemoryLayout<Float>.stride)
    pointer = block.bytes.bindMemory(to: Float.self).baseAddress!
  }

  deinit { Scratch.giveBack(block) }

  package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  package func copy() -> FloatBuffer {
    let copy = FloatBuffer(uninitialised: count)
    copy.pointer.update(from: pointer, count: count)
    return copy
  }
}

/// Immutable floats: a weight tensor, in a mapped file or in memory.
package struct FloatView: @unchecked Sendable {
  package let pointer: UnsafePointer<Float>
  package let shape: [Int]
  private let owner: ByteView

  package var count: Int { shape.reduce(1, *) }
  package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Values in newly allocated memory.
  init(_ values: [Float]) {
    let block = MemoryBlock(byteCount: values.count * MemoryLayout<Float>.stride)
    _ = block.bytes.bindMemory(to: Float.self).update(fromContentsOf: values)
    self.init(
      Tensor(dtype: .f32, shape: [values.count], data: ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)))
  }

  /// Rows of 8-bit integers multiplied by their scales, in newly allocated memory.
  init(_ tensor: Tensor, scales: UnsafePointer<Float>) {
    let block = MemoryBlock(byteCount: tensor.count * MemoryLayout<Float>.stride)
    if let source = tensor.data.bytes.baseAddress {
      zoo_int8_widen(
        source, tensor.count / tensor.shape[0], scales, tensor.shape[0], tensor.count / tensor.shape[0],
        block.bytes.bindMemory(to: Float.self).baseAddress!)
    }
    self.init(
      Tensor(dtype: .f32, shape: tensor.shape, data: ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)))
  }

  /// The elements of a weight tensor: in place if they are aligned f32, otherwise widened into newly allocated memory.
  package init(_ tensor: Tensor) {
    shape = tensor.shape
    let aligned = Int(bitPattern: tensor.data.bytes.baseAddress) % MemoryLayout<Float>.alignment == 0
    if tensor.dtype == .f32, aligned, let base = tensor.data.bytes.baseAddress {
      owner = tensor.data
      pointer = UnsafeRawPointer(base).assumingMemoryBound(to: Float.self)
    } else {
      let block = MemoryBlock(byteCount: tensor.count * MemoryLayout<Float>.stride)
      let target = block.bytes.bindMemory(to: Float.self).baseAddress!
      tensor.widen(to: target)
      owner = ByteView(UnsafeRawBufferPointer(block.bytes), owner: block)
      pointer = UnsafePointer(target)
    }
  }
}
