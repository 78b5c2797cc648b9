import CZlib
import ZooTensors

/// A raw deflate stream that is inflated into memory of a given size, never beyond it.
struct Inflater: ~Copyable {
  private let stream: UnsafeMutablePointer<z_stream>
  private let source: ByteView
  private let owner: ZipMemberBytes
  private var consumed = 0
  private var ended = false

  init(_ source: ByteView, for owner: ZipMemberBytes) throws(CheckpointError) {
    self.source = source
    self.owner = owner
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      throw owner.error(.systemFailed, found: "zlib does not start")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates until the target is full or the stream ends; returns the number of bytes written.
  mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Int {
    var written = 0
    while written < target.count, !ended {
      let input = UnsafeRawBufferPointer(rebasing: source[consumed..<source.count].bytes.prefix(1 << 30))
      let output = UnsafeMutableRawBufferPointer(rebasing: target[written...].prefix(1 << 30))
      stream.pointee.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(input.count)
      stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(output.count)
      let status = inflate(stream, Z_NO_FLUSH)
      let read = input.count - Int(stream.pointee.avail_in), wrote = output.count - Int(stream.pointee.avail_out)
      consumed += read
      written += wrote
      ended = status == Z_STREAM_END
      guard ended || status == Z_OK && read + wrote > 0 else { throw owner.error(.zipDeflate) }
    }
    return written
  }

  /// Whether the stream ends here, exactly with its last input byte.
  mutating func isAtEnd() throws(CheckpointError) -> Bool {
    if !ended {
      var spare: UInt8 = 0
      var stop = false
      var failure: CheckpointError?
      withUnsafeMutableBytes(of: &spare) { spare in
        do throws(CheckpointError) { stop = try fill(spare) == 0 } catch { failure = error }
      }
      if let failure { throw failure }
      guard stop else { return false }
    }
    return consumed == source.count
  }
}
