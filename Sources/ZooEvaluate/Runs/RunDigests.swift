import Foundation
import ZooCheckpoints
import ZooModels

extension ModelDescription {
  /// SHA-256 of the digests of all tensors and tokenizer files, the architecture and the preprocessing, as hexadecimal digits.
  package func runDigest() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let hasher = SHA256Hasher()
    func add(_ data: Data) { data.withUnsafeBytes { hasher.update($0) } }
    add(try encoder.encode(architecture))
    add(try encoder.encode(preprocessing))
    for (name, digest) in (digests.merging(tokenizerDigests ?? [:]) { $1 }).sorted(by: { $0.key < $1.key }) {
      add(Data("\(name):\(digest)\n".utf8))
    }
    return hasher.finish().description
  }
}

extension EvaluationProtocol {
  /// SHA-256 of the ids of the samples and the names of the classes, as hexadecimal digits.
  package func dataDigest() -> String {
    let hasher = SHA256Hasher()
    for name in samples + ["\u{0}"] + classes { Data((name + "\n").utf8).withUnsafeBytes { hasher.update($0) } }
    return hasher.finish().description
  }
}
