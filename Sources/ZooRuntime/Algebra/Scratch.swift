import Synchronization
import ZooTensors

/// Reused memory: the system takes longer to provide fresh pages than most passes over them take.
///
/// Blocks are kept by exact size, since a model requests the same sizes for every picture, on shelves: each thread prefers one, and goes to the next
/// where it finds another thread. None ever waits, as many threads would for a single lock whose holder is not running.
enum Scratch {
  private final class Shelf: Sendable {
    private struct Kept {
      var blocks: [Int: [MemoryBlock]] = [:]
      /// The sizes, most recently returned last.
      var sizes: [Int] = []
    }

    private let isTaken = Atomic<Bool>(false)
    nonisolated(unsafe) private var kept = Kept()

    /// Nil while another thread is here.
    private func attempt<T>(_ body: (inout Kept) -> T?) -> T? {
      guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return nil }
      defer { isTaken.store(false, ordering: .releasing) }
      return body(&kept)
    }

    func take(_ size: Int) -> MemoryBlock? {
      attempt { $0.blocks[size]?.popLast() }
    }

    func put(_ block: MemoryBlock) -> Bool {
      attempt { kept in
        let size = block.bytes.count
        kept.sizes.removeAll { $0 == size }
        kept.sizes.append(size)
        kept.blocks[size, default: []].append(block)
        return true
      } ?? false
    }

    /// Releases the least recently used sizes, but not this one, until the rest is below the limit.
    func makeRoom(for size: Int) {
      _ = attempt { kept in
        while bytes.load(ordering: .relaxed) > limit, let oldest = kept.sizes.first, oldest != size {
          bytes.subtract(oldest * (kept.blocks.removeValue(forKey: oldest)?.count ?? 0), ordering: .relaxed)
          kept.sizes.removeFirst()
        }
        return true
      }
    }
  }

  /// The maximum that is kept; beyond that, blocks are returned to the system.
  private static let limit = 256 << 20
  /// What is on the shelves, or about to be.
  private static let bytes = Atomic<Int>(0)
  private static let shelves = (0..<64).map { _ in Shelf() }

  /// The first that something is true of, beginning with this thread's.
  @discardableResult private static func first<T>(_ body: (Shelf) -> T?) -> T? {
    let own = threadNumber
    for index in shelves.indices {
      if let result = body(shelves[(own + index) % shelves.count]) { return result }
    }
    return nil
  }

  /// Uninitialised: write before reading.
  static func take(_ byteCount: Int) -> MemoryBlock {
    guard let block = first({ $0.take(byteCount) }) else { return MemoryBlock(byteCount: byteCount) }
    bytes.subtract(byteCount, ordering: .relaxed)
    return block
  }

  static func giveBack(_ block: MemoryBlock) {
    let size = block.bytes.count
    func isTooMuch() -> Bool { bytes.load(ordering: .relaxed) > limit }
    bytes.add(size, ordering: .relaxed)
    if isTooMuch() {
      first { shelf in
        shelf.makeRoom(for: size)
        return isTooMuch() ? nil : true
      }
    }
    if isTooMuch() || first({ $0.put(block) ? true : nil }) == nil { bytes.subtract(size, ordering: .relaxed) }
  }
}

/// Uninitialised floats for one call on this thread.
package func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
  let block = Scratch.take(max(count, 1) * MemoryLayout<Float>.stride)
  defer { Scratch.giveBack(block) }
  body(block.bytes.bindMemory(to: Float.self).baseAddress!)
}
