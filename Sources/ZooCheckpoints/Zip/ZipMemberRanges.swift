import Synchronization
import ZooTensors

/// Parts of a deflated member: each byte is inflated once if they are requested from front to back.
///
/// Memory holds only the requested part, however large the member. The checksum is verified when the end is reached.
final class ZipMemberRanges: Sendable {
  private let source: ZipMemberBytes
  private let stream = Mutex<Stream?>(nil)

  init(_ source: ZipMemberBytes) { self.source = source }

  func read(_ range: Range<Int>) throws(CheckpointError) -> ByteView {
    try stream.withLock { stream throws(CheckpointError) in
      let current: Stream
      if let open = stream, open.position <= range.lowerBound {
        current = open
      } else {
        current = try Stream(source)
      }
      // After an error the next call starts over.
      stream = nil
      let view = try current.read(range)
      if current.position < source.member.size { stream = current }
      return view
    }
  }

  /// An inflation in progress.
  private final class Stream: @unchecked Sendable {
    private(set) var position = 0
    private let source: ZipMemberBytes
    private var inflater: Inflater
    private var checksum = ZipMemberBytes.Checksum()

    init(_ source: ZipMemberBytes) throws(CheckpointError) {
      self.source = source
      inflater = try Inflater(source.stored, for: source)
    }

    func read(_ range: Range<Int>) throws(CheckpointError) -> ByteView {
      if position < range.lowerBound {
        let spare = MemoryBlock(byteCount: min(1 << 20, range.lowerBound - position))
        while position < range.lowerBound {
          try fill(UnsafeMutableRawBufferPointer(rebasing: spare.bytes.prefix(range.lowerBound - position)))
        }
      }
      let block = MemoryBlock(byteCount: range.count)
      let target = UnsafeMutableRawBufferPointer(rebasing: block.bytes.prefix(range.count))
      try fill(target)
      if position == source.member.size {
        guard try inflater.isAtEnd() else {
          throw source.error(.zipInflatedSize, expected: "\(source.member.size) bytes")
        }
        try source.check(checksum)
      }
      return ByteView(UnsafeRawBufferPointer(target), owner: block)
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
      guard try inflater.fill(target) == target.count else {
        throw source.error(.zipInflatedSize, expected: "\(source.member.size) bytes")
      }
      checksum.add(UnsafeRawBufferPointer(target))
      position += target.count
    }
  }
}
