import Foundation
import ZooCheckpoints

/// Text embeddings on disk, so that the text tower is loaded only for prompts that are new.
///
/// One file for each prompt, named by a digest of the model's description, the precision and the token ids; raw
/// little-endian f32. A file that is not whole is ignored and written again.
public struct TextEmbeddingCache: Sendable {
  private let folder: URL
  private let width: Int

  /// - Parameters:
  ///   - root: The folder of all models' caches.
  ///   - model: The bytes of `model.json`: they hold a digest of every tensor.
  ///   - arithmetic: What the products are computed by and in; another arithmetic has other last digits.
  init(root: URL, model: Data, arithmetic: String, width: Int) {
    let key = (model + Data(arithmetic.utf8)).withUnsafeBytes { sha256(of: $0).description }
    folder = root.appending(path: String(key.prefix(32)), directoryHint: .isDirectory)
    self.width = width
  }

  func embedding(of tokens: [Int32]) -> [Float]? {
    guard let data = try? Data(contentsOf: file(tokens)), data.count == width * 4 else { return nil }
    return data.withUnsafeBytes { bytes in
      (0..<width).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }

  /// Keeps an embedding. A cache that cannot be written is no error: the next call computes again.
  func keep(_ embedding: [Float], of tokens: [Int32]) {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let bytes = embedding.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
    try? bytes.write(to: file(tokens), options: .atomic)
  }

  private func file(_ tokens: [Int32]) -> URL {
    let name = tokens.map(\.littleEndian).withUnsafeBytes { sha256(of: $0).description }
    return folder.appending(path: name)
  }
}
