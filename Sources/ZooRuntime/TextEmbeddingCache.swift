import Foundation
import ZooCheckpoints
import ZooModels

/// Text embeddings on disk, so that the text tower is only loaded for new prompts.
///
/// One file for each prompt, named by a digest of the model's description, the precision and the token ids: a SHA-256 of its path and the rest, then
/// raw little-endian f32. A file that is incomplete, belongs elsewhere or is not finite is ignored and rewritten.
package struct TextEmbeddingCache: Sendable {
  private let folder: URL
  private let width: Int

  /// - Parameters:
  ///   - root: The folder of all models' caches.
  ///   - model: The bytes of `model.json`, which contain a digest of every tensor.
  ///   - arithmetic: The backend and precision of products; a different arithmetic gives different last digits.
  init(root: URL, model: Data, arithmetic: String, width: Int) {
    let key = (model + Data(arithmetic.utf8)).withUnsafeBytes { sha256(of: $0).description }
    folder = root.appending(path: String(key.prefix(32)), directoryHint: .isDirectory)
    self.width = width
  }

  func embedding(of tokens: [Int32]) -> [Float]? {
    let path = path(tokens), size = Self.digestSize + width * 4
    guard let data = try? readFile(path, limit: size, following: false), data.count == size else { return nil }
    let values = data.dropFirst(Self.digestSize)
    guard data.prefix(Self.digestSize) == digest(of: values, at: path) else { return nil }
    let embedding = values.withUnsafeBytes { bytes in
      (0..<width).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
    return embedding.allSatisfy(\.isFinite) ? embedding : nil
  }

  /// Stores an embedding. Failing to write the cache is not an error: the next call computes the embedding again.
  func keep(_ embedding: [Float], of tokens: [Int32]) {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let bytes = embedding.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
    let path = path(tokens)
    try? replaceFile(path, with: digest(of: bytes, at: path) + bytes)
  }

  /// In hexadecimal.
  private static let digestSize = 64

  /// For a file's path and values: an entry is not valid elsewhere.
  private func digest(of values: Data, at path: String) -> Data {
    let place = path.split(separator: "/").suffix(2).joined(separator: "/")
    return Data("\((Data(place.utf8) + values).withUnsafeBytes { sha256(of: $0) })".utf8)
  }

  private func path(_ tokens: [Int32]) -> String {
    let name = tokens.map(\.littleEndian).withUnsafeBytes { sha256(of: $0).description }
    return folder.appending(path: name).path(percentEncoded: false)
  }
}
