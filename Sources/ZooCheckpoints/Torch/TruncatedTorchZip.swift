import ZooTensors

/// How much of a PyTorch archive is missing that was cut off, by its pickle, which stands first; nil where it is not there.
func missingStorages(_ bytes: ByteView, file: String) -> String? {
  // A local header of a member that is stored as it is.
  guard bytes.count > 30, bytes.u32(0) == 0x0403_4B50, bytes.u16(8) == 0 else { return nil }
  let nameEnd = 30 + bytes.u16(26), start = nameEnd + bytes.u16(28)
  guard start < bytes.count, String(decoding: bytes.bytes[30..<nameEnd], as: UTF8.self).hasSuffix("/data.pkl") else {
    return nil
  }
  var machine = PickleMachine(bytes[start..<bytes.count], file: file, base: start)
  guard let (_, length) = try? machine.run() else { return nil }
  var needed = 0
  for storage in machine.heap.storages {
    let (sum, overflow) = needed.addingReportingOverflow(storage.byteCount)
    guard !overflow else { return nil }
    needed = sum
  }
  let present = bytes.count - start - length
  guard needed > present else { return nil }
  return "the tensors take \(needed) bytes, and at least \(needed - present) of them are missing"
}
