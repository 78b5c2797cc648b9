import Foundation

/// What a pull is going to do.
package struct PullPlan: Sendable {
  /// The folder where the files are collected: one of the store's downloads.
  package let folder: URL
  /// The name of the checkpoint, or of the index of its shards, in the folder.
  package let checkpoint: String
  /// The checkpoint first, then shards and companion files.
  package let files: [File]
  /// The commit of the repository, if known.
  package let commit: String?
  /// What was decided and why, in full sentences.
  package let notes: [String]
  /// The first digits of the checkpoint's SHA-256, if published.
  var digestPrefix: String?
  /// Maximum size in bytes of a weights file if the server does not tell the size.
  var untoldLimit = PullSource.unregisteredLimit

  /// One file of a plan.
  package struct File: Sendable {
    package enum Origin: Sendable, Hashable {
      /// The local Hugging Face cache, where the file is used in place.
      case cache(URL)
      /// The network, for what was not downloaded before.
      case network
    }

    package let name: String
    /// The size in bytes; nil if the server does not tell.
    package let size: Int?
    /// SHA-256, if known beforehand.
    package let digest: String?
    package let origin: Origin
    /// Bytes that an earlier pull has downloaded.
    package let bytesHere: Int
    /// Nil for the cache.
    let remote: RemoteFile?

    /// Bytes to be downloaded, as far as known.
    package var bytesToFetch: Int { origin == .network ? max(0, (size ?? 0) - bytesHere) : 0 }
  }

  /// The size of all files in bytes, as far as known.
  package var byteCount: Int { files.reduce(0) { $0 + ($1.size ?? 0) } }
  package var bytesToFetch: Int { files.reduce(0) { $0 + $1.bytesToFetch } }
  /// The path of the checkpoint once it is downloaded.
  package var checkpointFile: URL { folder.appending(path: checkpoint) }
  /// SHA-256 of the checkpoint, if known beforehand.
  package var digest: String? { files.first?.digest }
}

/// The progress of a pull.
public struct PullProgress: Sendable {
  /// The file that is being downloaded.
  public let file: String
  /// The number of bytes downloaded, out of `PullPlan.bytesToFetch`.
  public let bytesDone: Int
  /// Bytes of all files to be downloaded.
  public let bytesTotal: Int
}
