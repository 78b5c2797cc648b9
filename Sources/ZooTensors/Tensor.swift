import CZooKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Immutable bytes, kept alive by their owner: a mapped file, an array, a block of memory.
package struct ByteView: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let owner: AnyObject?

  /// The bytes must not change for as long as `owner` lives.
  package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject?) {
    self.bytes = bytes
    self.owner = owner
  }

  /// Copies the elements of an array.
  package init<Element: BitwiseCopyable>(copying array: [Element]) {
    let block = MemoryBlock(byteCount: array.count * MemoryLayout<Element>.stride)
    array.withUnsafeBytes { block.bytes.copyMemory(from: $0) }
    self.init(UnsafeRawBufferPointer(block.bytes), owner: block)
  }

  package var count: Int { bytes.count }

  /// Lets the system reclaim the memory of these bytes if they can be read again from a file; otherwise does nothing.
  package func release() { (owner as? any RereadableMemory)?.release(bytes) }

  /// The byte at an offset. Reading out of bounds ends the process, in release builds too: files are not trusted.
  package subscript(place: Int) -> UInt8 {
    precondition(place >= 0 && place < count, "a byte outside of what was read")
    return bytes[place]
  }

  /// A range of the bytes, with the same owner. A range that is out of bounds ends the process, in release builds too.
  package subscript(range: Range<Int>) -> ByteView {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a range outside of what was read")
    return ByteView(UnsafeRawBufferPointer(rebasing: bytes[range]), owner: owner)
  }

  package func hasPrefix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount
      && bytes.prefix(text.utf8CodeUnitCount)
        .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

/// Memory whose bytes can be reloaded on demand, such as that of a mapped file.
package protocol RereadableMemory: AnyObject {
  /// Gives up the pages of some of its bytes until they are read again.
  func release(_ bytes: UnsafeRawBufferPointer)
}

/// A zeroed, 64-byte aligned block of memory, freed with its last reference. Large blocks use huge pages if the system has them: they are faster to
/// allocate and to access.
package final class MemoryBlock: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer
  private let start: UnsafeMutableRawPointer

  package init(byteCount: Int) {
    // Aligned by hand: glibc does not reuse freed aligned blocks for new ones of the same size, so memory would grow.
    let size = max(byteCount, 1), hugePage = 2 << 20, alignment = size >= hugePage ? hugePage : 64
    guard let start = calloc(1, size + alignment - 1) else { fatalError("there is no memory for \(size) bytes") }
    self.start = start
    bytes = UnsafeMutableRawBufferPointer(start: start.alignedUp(toMultipleOf: alignment), count: size)
    #if os(Linux)
      if alignment == hugePage { madvise(bytes.baseAddress, size / hugePage * hugePage, MADV_HUGEPAGE) }
    #endif
  }

  deinit { free(start) }
}

/// A tensor: an element type, a shape and little-endian bytes in row-major order, at any alignment.
public struct Tensor: Sendable {
  /// The element type.
  public let dtype: DType
  /// The sizes of the dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  package let data: ByteView

  /// - Precondition: `data` holds exactly as many bytes as dtype and shape require.
  package init(dtype: DType, shape: [Int], data: ByteView) {
    precondition(elementCount(shape).flatMap(dtype.byteCount) == data.count, "a tensor's bytes do not fit its shape")
    self.dtype = dtype
    self.shape = shape
    self.data = data
  }

  /// An f32 tensor with a copy of `values`.
  public init(_ values: [Float], shape: [Int]) {
    self.init(dtype: .f32, shape: shape, data: ByteView(copying: values))
  }

  /// The number of elements.
  public var count: Int { elementCount(shape)! }

  /// The elements as `Float`; nil for types that weights cannot have (`DType.isWeight`).
  public func floats() -> [Float]? {
    guard dtype.isWeight else { return nil }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let target = buffer.baseAddress { widen(to: target) }
      initialized = count
    }
  }

  /// Writes the elements as `Float` to `target`, which has room for `count`. The dtype must be a weight type.
  package func widen(to target: UnsafeMutablePointer<Float>) {
    guard let source = data.bytes.baseAddress, count > 0 else { return }
    switch dtype {
    case .f32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
    case .f16: zoo_widen_f16(source, target, count)
    case .bf16: zoo_widen_bf16(source, target, count)
    case .f64: zoo_narrow_f64(source, target, count)
    default: preconditionFailure("\(dtype.rawValue) is not a weight type")
    }
  }
}
