import Synchronization
import ZooTensors

/// Reused memory: the system takes longer to provide fresh pages than most passes over them take.
///
/// Blocks are kept by exact size, since a model requests the same sizes for every picture.
enum Scratch {
  private struct Kept: ~Copyable {
    var blocks: [Int: [MemoryBlock]] = [:]
    /// The sizes, most recently returned last.
    var sizes: [Int] = []
    var bytes = 0
  }

  /// The maximum that is kept; beyond that, the least recently used sizes are returned to the system.
  private static let limit = 256 << 20
  private static let kept = Mutex(Kept())

  /// Uninitialised: write before reading.
  static func take(_ byteCount: Int) -> MemoryBlock {
    let block = kept.withLock { kept -> MemoryBlock? in
      guard let block = kept.blocks[byteCount]?.popLast() else { return nil }
      kept.bytes -= byteCount
      return block
    }
    return block ?? MemoryBlock(byteCount: byteCount)
  }

  static func giveBack(_ block: MemoryBlock) {
    let size = block.bytes.count
    kept.withLock { kept in
      kept.sizes.removeAll { $0 == size }
      kept.sizes.append(size)
      while kept.bytes + size > limit, let oldest = kept.sizes.first, oldest != size {
        kept.bytes -= oldest * (kept.blocks.removeValue(forKey: oldest)?.count ?? 0)
        kept.sizes.removeFirst()
      }
      guard kept.bytes + size <= limit else { return }
      kept.blocks[size, default: []].append(block)
      kept.bytes += size
    }
  }
}

/// Uninitialised floats for one call on this thread.
package func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let block = Scratch.take(max(count, 1) * MemoryLayout<Float>.stride)
  defer { Scratch.giveBack(block) }
  body(block.bytes.bindMemory(to: Float.self).baseAddress!)
}
