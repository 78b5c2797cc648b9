import CZlib
import Synchronization
import ZooTensors

/// The content of an archive member, checked against size and CRC-32 when it is first asked for.
final class ZipMemberBytes: Sendable {
  let member: ZipMember
  private let archive: ZipArchive
  private let keepsInflated: Bool
  private let verified = Mutex<ByteView?>(nil)

  /// - Parameter keepsInflated: Whether inflated bytes are kept for the next time, as for a storage that several tensors share.
  init(_ member: ZipMember, in archive: ZipArchive, keepsInflated: Bool = false) {
    self.member = member
    self.archive = archive
    self.keepsInflated = keepsInflated
  }

  private var stored: ByteView { archive.bytes[member.dataRange] }

  /// The whole content: a view of the archive if it is stored, a copy if it is deflated.
  func whole() throws(CheckpointError) -> ByteView {
    if let view = verified.withLock({ $0 }) { return view }
    let view = member.isDeflated ? try inflated() : stored
    let checksum = crc32_z(0, view.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), view.count)
    guard view.count == 0 ? member.checksum == 0 : UInt32(truncatingIfNeeded: checksum) == member.checksum else {
      throw error(
        .zipChecksum, expected: "0x" + String(member.checksum, radix: 16), found: "0x" + String(checksum, radix: 16))
    }
    if keepsInflated || !member.isDeflated { verified.withLock { $0 = view } }
    return view
  }

  /// The first bytes of the content, at most `count`, unchecked.
  func prefix(_ count: Int) throws(CheckpointError) -> ByteView {
    let count = min(count, member.size)
    guard member.isDeflated else { return stored[0..<count] }
    var inflater = try Inflater(stored, for: self)
    let block = MemoryBlock(byteCount: count)
    let written = try inflater.fill(UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<count]))
    return ByteView(UnsafeRawBufferPointer(rebasing: block.bytes[..<written]), owner: block)
  }

  private func inflated() throws(CheckpointError) -> ByteView {
    var inflater = try Inflater(stored, for: self)
    let block = MemoryBlock(byteCount: member.size)
    let target = UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<member.size])
    guard try inflater.fill(target) == member.size, try inflater.isAtEnd() else {
      throw error(.zipInflatedSize, expected: "\(member.size) bytes")
    }
    return ByteView(UnsafeRawBufferPointer(target), owner: block)
  }

  fileprivate func error(
    _ rule: CheckpointError.Rule, expected: String? = nil, found: String? = nil
  ) -> CheckpointError {
    CheckpointError(
      archive.file, rule, tensor: member.name, offset: member.dataRange.lowerBound, expected: expected, found: found)
  }
}

/// A raw deflate stream that is inflated into memory of a given size, never beyond.
private struct Inflater: ~Copyable {
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

  /// Inflates until the target is full or the stream ends; the number of bytes written.
  mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Int {
    var written = 0
    while written < target.count, !ended {
      let input = UnsafeRawBufferPointer(rebasing: source.bytes[consumed...].prefix(1 << 30))
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

  /// True if the stream ends here, with its last byte of input.
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
