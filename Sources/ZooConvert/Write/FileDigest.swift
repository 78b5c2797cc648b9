import ZooCheckpoints

/// Name, size and SHA-256 of a file; its memory is given back along the way.
func digest(ofFile path: String) throws -> (name: String, size: Int, sha256: String) {
  let map = try MappedFile(path)
  let hasher = SHA256Hasher()
  let bytes = map.view.bytes
  withExtendedLifetime(map) {
    for first in stride(from: 0, to: bytes.count, by: 1 << 22) {
      hasher.update(UnsafeRawBufferPointer(rebasing: bytes[first..<min(bytes.count, first + (1 << 22))]))
      if first % (1 << 25) == 0 { map.release() }
    }
  }
  return (splitPath(path).name, bytes.count, "\(hasher.finish())")
}
