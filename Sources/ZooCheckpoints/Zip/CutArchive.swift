import ZooTensors

/// What is missing from an archive without an end record, as far as it can be known: the list of members is at the end, but each member also has a
/// header of its own, and PyTorch's pickle tells the sizes of all tensors.
func missingEnd(_ bytes: ByteView, file: String) -> String {
  var at = 0, place = "the end of the archive is missing", hasPickle = false
  while let member = LocalMember(bytes, at: at) {
    if !hasPickle, member.name.hasSuffix("/data.pkl") {
      hasPickle = true
      if let missing = missingStorages(bytes, from: member, file: file) { return missing }
    }
    guard let size = member.storedSize(bytes) else {
      place = "the file ends in or after '\(member.name)'"
      break
    }
    let present = bytes.count - member.start
    guard size <= present else {
      return
        "the file ends in '\(member.name)', of which \(size - present) of \(size) bytes are missing, and so is all "
        + "that followed it"
    }
    place = "the file ends after '\(member.name)'"
    at = member.start + size
  }
  return "\(place), and how much is missing cannot be known without the list of members at its end"
}

/// A member as described by the header before its bytes.
private struct LocalMember {
  let name: String
  /// The offset of its bytes.
  let start: Int
  let isStored: Bool
  /// The size in the header; nil if it is stored after the bytes.
  private let statedSize: Int?

  /// Nil if there is no complete header.
  init?(_ bytes: ByteView, at: Int) {
    guard at <= bytes.count - 30, bytes.u32(at) == 0x0403_4B50 else { return nil }
    let nameEnd = at + 30 + bytes.u16(at + 26)
    start = nameEnd + bytes.u16(at + 28)
    guard start <= bytes.count else { return nil }
    name = String(decoding: bytes[at + 30..<nameEnd].bytes, as: UTF8.self)
    isStored = bytes.u16(at + 8) == 0
    let isBehind = bytes.u16(at + 6) & 8 != 0, size = bytes.u32(at + 18)
    statedSize =
      isBehind ? nil : size == 0xFFFF_FFFF ? Self.wideSize(bytes[nameEnd..<start], original: bytes.u32(at + 22)) : size
  }

  /// The compressed size in the ZIP64 extra field, where it follows the original size if that is saturated.
  private static func wideSize(_ extra: ByteView, original: Int) -> Int? {
    var at = 0
    while extra.count - at >= 4 {
      let end = at + 4 + extra.u16(at + 2)
      guard end <= extra.count else { return nil }
      let place = at + (original == 0xFFFF_FFFF ? 12 : 4)
      if extra.u16(at) == 1 { return place + 8 <= end ? extra.u64(place) : nil }
      at = end
    }
    return nil
  }

  /// The number of bytes it takes in the archive, from its header or from that of the NPY array in it.
  func storedSize(_ bytes: ByteView) -> Int? {
    if let statedSize { return statedSize }
    guard isStored, name.hasSuffix(".npy"),
      let header = try? NPYHeader(bytes[start..<bytes.count], file: "", tensor: nil, base: nil),
      header.byteCount <= Int.max - header.dataStart
    else { return nil }
    return header.dataStart + header.byteCount
  }
}

/// How much tensor data is missing after the pickle that lists it; nil if the pickle is incomplete or nothing may be missing.
private func missingStorages(_ bytes: ByteView, from pickle: LocalMember, file: String) -> String? {
  guard pickle.isStored else { return nil }
  var machine = PickleMachine(bytes[pickle.start..<bytes.count], file: file, base: pickle.start)
  guard let (_, length) = try? machine.run() else { return nil }
  var needed = 0
  for storage in machine.heap.storages {
    let (sum, overflow) = needed.addingReportingOverflow(storage.byteCount)
    guard !overflow else { return nil }
    needed = sum
  }
  let present = bytes.count - pickle.start - length
  guard needed > present else { return nil }
  return "the tensors take \(needed) bytes, and at least \(needed - present) of them are missing"
}
