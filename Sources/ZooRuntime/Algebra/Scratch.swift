import Synchronization

/// Memory that is used again: the system takes longer to hand out fresh pages than most passes over them take.
///
/// Blocks go by their exact size, since a model asks for the same sizes at every picture.
enum Scratch {
  private struct Kept: ~Copyable {
    var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytes = 0
  }

  /// What is kept at most; more is given back to the system.
  private static let limit = 64 << 20
  private static let kept = Mutex(Kept())

  /// 64-byte aligned, not initialised.
  static func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let block = kept.withLock { kept -> UnsafeSendablePointer? in
      guard let block = kept.blocks[byteCount]?.popLast() else { return nil }
      kept.bytes -= byteCount
      return UnsafeSendablePointer(block)
    }
    return block?.pointer ?? .allocate(byteCount: byteCount, alignment: 64)
  }

  static func giveBack(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
    let block = UnsafeSendablePointer(block)
    let isKept = kept.withLock { kept in
      guard kept.bytes + byteCount <= limit else { return false }
      kept.blocks[byteCount, default: []].append(block.pointer)
      kept.bytes += byteCount
      return true
    }
    if !isKept { block.pointer.deallocate() }
  }

  /// A pointer that crosses the lock: it has one owner at a time.
  private struct UnsafeSendablePointer: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
  }
}

/// Floats for one call on this thread, not initialised.
package func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let bytes = max(count, 1) * MemoryLayout<Float>.stride, memory = Scratch.take(bytes)
  defer { Scratch.giveBack(memory, bytes) }
  body(memory.bindMemory(to: Float.self, capacity: max(count, 1)))
}
