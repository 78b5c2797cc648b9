import CZooKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Bytes that do not change, kept alive by their owner: a mapped file, an array, a block of memory.
package struct ByteView: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let owner: AnyObject?

  /// The bytes must stay as they are for as long as `owner` lives.
  package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject?) {
    self.bytes = bytes
    self.owner = owner
  }

  /// A copy of the elements of an array.
  package init<Element: BitwiseCopyable>(copying array: [Element]) {
    let block = MemoryBlock(byteCount: array.count * MemoryLayout<Element>.stride)
    array.withUnsafeBytes { block.bytes.copyMemory(from: $0) }
    self.init(UnsafeRawBufferPointer(block.bytes), owner: block)
  }

  package var count: Int { bytes.count }

  /// Lets the system take back the memory of these bytes where they can be read again from a file; does nothing elsewhere.
  package func release() { (owner as? any RereadableMemory)?.release(bytes) }

  /// A byte. One that lies outside ends the process, in release builds too: files are not trusted.
  package subscript(place: Int) -> UInt8 {
    precondition(place >= 0 && place < count, "a byte outside of what was read")
    return bytes[place]
  }

  /// The bytes of a range, which keep the same owner alive. A range that is not inside ends the process, in release builds too.
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

/// Memory whose bytes come back by themselves, such as a mapped file's.
package protocol RereadableMemory: AnyObject {
  /// Gives up the pages of some of its bytes, for as long as nobody reads them.
  func release(_ bytes: UnsafeRawBufferPointer)
}

/// A block of memory, 64-byte aligned, zero at first, freed with its last reference. Large ones lie on huge pages where the
/// system has them, which it hands out faster and processors find faster.
package final class MemoryBlock: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer
  private let start: UnsafeMutableRawPointer

  package init(byteCount: Int) {
    // Aligned by hand: glibc does not use freed blocks again for aligned ones of the same size, so that memory would grow.
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
  /// The sides, outermost first; empty for a scalar.
  public let shape: [Int]
  package let data: ByteView

  /// - Precondition: `data` holds exactly the bytes that dtype and shape ask for.
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

  /// How many elements there are.
  public var count: Int { elementCount(shape)! }

  /// The elements as `Float`; nil for types that are not weights (`DType.isWeight`).
  public func floats() -> [Float]? {
    guard dtype.isWeight else { return nil }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let target = buffer.baseAddress { widen(to: target) }
      initialized = count
    }
  }

  /// Writes the elements as `Float` to `target`, which has room for `count`. The dtype must be a weight's.
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
