import Foundation
import ZooCheckpoints
import ZooModels
import ZooTensors

/// A name for a model that nobody named: its file's or a folder's name, or a digest.
enum OwnName {
  /// Names of files and folders that say nothing about their content, as words. Numbers beside them, as in `epoch_3`, say nothing either.
  private static let generic: Set = [
    "model", "models", "checkpoint", "checkpoints", "ckpt", "ckpts", "pytorch", "open", "clip", "weights",
    "epoch", "step", "iter", "last", "best", "latest", "final", "ema", "snapshot", "snapshots", "output", "outputs",
    "out", "run", "runs", "train", "training", "logs", "state", "dict", "diffusion", "adapter", "safetensors", "tmp",
    "main", "resolve", "downloads", "dev", "fd", "vision", "text", "image", "visual", "encoder", "tower", "fp", "bf",
    "of", "bin",
  ]

  /// The first meaningful name among the file's and its folders', nearest first, extended by what distinguishes the files and folders in it
  /// (`cats-epoch_3`); otherwise `model-` with a short digest of the files.
  static func find(path: String, files: [String]) -> PlainName? {
    let components = nameComponents(path)
    let folders = components.dropFirst().filter { !isCommit($0) && $0 != "snapshots" }.prefix(2)
    let places = components.prefix(1) + folders
    guard let telling = places.firstIndex(where: isTelling) else { return PlainName(nearest: "model-\(digest(files))") }
    let within = places[..<telling].filter(isDistinct).reversed()
    return PlainName(nearest: ([places[telling]] + within).joined(separator: "-"))
  }

  static func isCommit(_ name: String) -> Bool { name.count >= 32 && name.allSatisfy(\.isHexDigit) }

  /// False for generic words and numbers alone, and for the hexadecimal name of a commit.
  static func isTelling(_ name: String) -> Bool {
    if isCommit(name) { return false }
    return nameWords(name).contains { word in
      !generic.contains(word) && !word.allSatisfy(\.isNumber) && word.count > 1
    }
  }

  /// Whether a name has anything beside generic words, such as a number; precisions do not count.
  private static func isDistinct(_ name: String) -> Bool {
    let words = nameWords(name)
    return words.indices.contains { index in
      let isPrecision =
        index > 0 && ["fp", "bf", "f"].contains(words[index - 1]) && words[index].allSatisfy(\.isNumber)
      return !isPrecision && !generic.contains(words[index])
    }
  }

  /// Eight digits that distinguish files: from their sizes and samples of their bytes, as reading everything could take long.
  private static func digest(_ files: [String]) -> String {
    let hasher = SHA256Hasher()
    for path in files {
      guard let file = try? OpenFile(reading: path), let size = try? UInt64(file.seekToEnd()) else { continue }
      let pieces: UInt64 = 64, length = 1 << 14
      for piece in 0..<pieces {
        try? file.seek(to: Int(size / pieces * piece))
        let bytes = (try? file.read(upTo: length)) ?? Data()
        bytes.withUnsafeBytes { hasher.update($0) }
      }
      withUnsafeBytes(of: size.littleEndian) { hasher.update($0) }
    }
    return String("\(hasher.finish())".prefix(8))
  }
}
