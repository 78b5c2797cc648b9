#if canImport(CryptoKit)
  import CryptoKit
#else
  import CCrypto
#endif

/// The 32 bytes of a SHA-256; its description is lowercase hexadecimal.
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
  package let bytes: [UInt8]

  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// The SHA-256 of some bytes.
package func sha256(of bytes: UnsafeRawBufferPointer) -> SHA256Digest {
  let hasher = SHA256Hasher()
  hasher.update(bytes)
  return hasher.finish()
}

/// An incremental SHA-256, computed by the system's cryptography library.
package final class SHA256Hasher {
  #if canImport(CryptoKit)
    private var state = SHA256()

    package init() {}

    package func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    /// The digest of everything so far. The hasher cannot be used afterwards.
    package func finish() -> SHA256Digest { SHA256Digest(bytes: Array(state.finalize())) }
  #else
    private let context: OpaquePointer

    package init() {
      guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
        fatalError("libcrypto has no SHA-256")
      }
      self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
      guard let start = bytes.baseAddress else { return }
      EVP_DigestUpdate(context, start, bytes.count)
    }

    /// The digest of everything so far. The hasher cannot be used afterwards.
    package func finish() -> SHA256Digest {
      var digest = [UInt8](repeating: 0, count: 32)
      EVP_DigestFinal_ex(context, &digest, nil)
      return SHA256Digest(bytes: digest)
    }
  #endif
}
