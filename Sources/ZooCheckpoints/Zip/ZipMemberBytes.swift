import CZlib
import Synchronization
import ZooTensors

/// The content of an archive member, checked against its size and CRC-32 on first use.
final class ZipMemberBytes: Sendable {
  let member: ZipMember
  private let archive: ZipArchive
  private let verified = Mutex<ByteView?>(nil)

  init(_ member: ZipMember, in archive: ZipArchive) {
    self.member = member
    self.archive = archive
  }

  var stored: ByteView { archive.bytes[member.dataRange] }

  /// Larger deflated members are read in parts or not at all.
  static let inflatedLimit = 128 << 20

  /// The whole content: a view of the archive if it is stored, a copy if it is deflated.
  ///
  /// - Parameter keeping: True to keep the inflated bytes for the next call, in place of those kept before.
  func whole(keeping: Bool = false) throws(CheckpointError) -> ByteView {
    guard keeping, member.isDeflated else { return try read() }
    return try archive.lastInflated.bytes(of: member) { () throws(CheckpointError) in try read() }
  }

  private func read() throws(CheckpointError) -> ByteView {
    if let view = verified.withLock({ $0 }) { return view }
    let view = member.isDeflated ? try inflated() : stored
    var checksum = Checksum()
    // Gives back pages of a mapped file along the way, as the member may be larger than memory.
    for start in stride(from: 0, to: view.count, by: Self.releaseInterval) {
      let piece = view[start..<min(view.count, start + Self.releaseInterval)]
      checksum.add(piece.bytes)
      if view.count > Self.releaseInterval { piece.release() }
    }
    try check(checksum)
    if !member.isDeflated { verified.withLock { $0 = view } }
    return view
  }

  private static let releaseInterval = 1 << 24

  /// Throws `zipChecksum` if the checksum of the whole content does not match the directory's.
  func check(_ checksum: Checksum) throws(CheckpointError) {
    guard checksum.value == member.checksum else {
      throw error(
        .zipChecksum, expected: "0x" + String(member.checksum, radix: 16),
        found: "0x" + String(checksum.value, radix: 16))
    }
  }

  /// A CRC-32 in progress.
  struct Checksum {
    private var state: uLong = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
      guard let start = bytes.baseAddress, bytes.count > 0 else { return }
      state = crc32_z(state, start.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    var value: UInt32 { UInt32(truncatingIfNeeded: state) }
  }

  /// The first bytes of the content, at most `count`, not verified.
  func prefix(_ count: Int) throws(CheckpointError) -> ByteView {
    let count = min(count, member.size)
    guard member.isDeflated else { return stored[0..<count] }
    var inflater = try Inflater(stored, for: self)
    let block = MemoryBlock(byteCount: count)
    let written = try inflater.fill(UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<count]))
    return ByteView(UnsafeRawBufferPointer(rebasing: block.bytes[..<written]), owner: block)
  }

  private func inflated() throws(CheckpointError) -> ByteView {
    guard member.size <= Self.inflatedLimit else {
      throw error(
        .zipMemberTooLarge, expected: "at most \(Self.inflatedLimit >> 20) MB", found: "\(member.size >> 20) MB")
    }
    var inflater = try Inflater(stored, for: self)
    let block = MemoryBlock(byteCount: member.size)
    let target = UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<member.size])
    guard try inflater.fill(target) == member.size, try inflater.isAtEnd() else {
      throw error(.zipInflatedSize, expected: "\(member.size) bytes")
    }
    return ByteView(UnsafeRawBufferPointer(target), owner: block)
  }

  func error(
    _ rule: CheckpointError.Rule, expected: String? = nil, found: String? = nil
  ) -> CheckpointError {
    CheckpointError(
      archive.file, rule, tensor: member.name, offset: member.dataRange.lowerBound, expected: expected, found: found)
  }
}

/// The deflated member that was inflated last, for tensors that share one, so that memory holds only one at a time.
final class LastInflated: Sendable {
  private let kept = Mutex<(member: Int, bytes: ByteView)?>(nil)

  func bytes(
    of member: ZipMember, _ inflate: () throws(CheckpointError) -> ByteView
  ) throws(CheckpointError) -> ByteView {
    try kept.withLock { kept throws(CheckpointError) in
      if let kept, kept.member == member.headerOffset { return kept.bytes }
      kept = nil
      let bytes = try inflate()
      kept = (member.headerOffset, bytes)
      return bytes
    }
  }
}
