import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Opens the input as a checkpoint and reads every tensor: it is either rejected with a `CheckpointError`, or its tensors are as large as their
/// entries say. libFuzzer detects everything else (a trap, an out-of-bounds read, a hang, too much memory).
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = ByteView(copying: Array(UnsafeBufferPointer(start: start, count: count)))
  guard let checkpoint = try? Checkpoint.open(bytes, path: "x") else { return 0 }
  var checksum: UInt8 = 0
  for entry in checkpoint.entries {
    if checkpoint.isReadInParts(entry.name), let rows = entry.shape.first {
      _ = try? checkpoint.tensor(entry.name, rows: rows / 2..<rows)
      _ = try? checkpoint.tensor(entry.name, rows: 0..<rows / 2)
    }
    guard let tensor = try? checkpoint.tensor(entry.name) else { continue }
    precondition(
      tensor.data.count == entry.byteCount && tensor.shape == entry.shape, "\(entry.name) is not as announced")
    withExtendedLifetime(tensor) {
      if let first = tensor.data.bytes.first, let last = tensor.data.bytes.last { checksum &+= first &+ last }
    }
  }
  return checksum == 1 && count == 0 ? 1 : 0
}

/// Half of the time, mutates the input itself; otherwise mutates a member of an archive and rebuilds the archive, as checksums would protect it from
/// blind changes.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  guard seed % 2 == 0, bytes.starts(with: [0x50, 0x4B]), var archive = try? StoredZip(reading: bytes),
    !archive.members.isEmpty
  else { return libFuzzerMutate(data, count, limit) }
  let index = Int(seed / 2) % archive.members.count
  var member = archive.members[index].bytes
  let old = member.count, room = max(0, min(limit - count, 4096))
  member += [UInt8](repeating: 0, count: room)
  let new = member.withUnsafeMutableBufferPointer { buffer in
    buffer.baseAddress.map { libFuzzerMutate($0, old, old + room) } ?? old
  }
  archive.members[index].bytes = Array(member.prefix(new))
  let changed = archive.bytes
  guard changed.count <= limit else { return count }
  for (offset, byte) in changed.enumerated() { data[offset] = byte }
  return changed.count
}

/// libFuzzer's own mutation of some bytes in place; returns the new number of bytes.
@_silgen_name("LLVMFuzzerMutate")
private func libFuzzerMutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int
