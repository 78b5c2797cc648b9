import Foundation

/// What a pull will do, before it does it.
package struct PullPlan: Sendable {
  /// Where the files come together: a folder of the store's downloads.
  package let folder: URL
  /// The name of the checkpoint (or of the index of its shards) in the folder.
  package let checkpoint: String
  /// The checkpoint first, then shards and what stands beside them.
  package let files: [File]
  /// The commit of the repository, where it is known.
  package let commit: String?
  /// What was decided and why, in whole sentences.
  package let notes: [String]
  /// First digits of the checkpoint's SHA-256, where they are published.
  var digestPrefix: String?
  /// Most bytes of a file of weights whose server does not tell how many it has.
  var untoldLimit = PullSource.unregisteredLimit

  /// One file of a plan.
  package struct File: Sendable {
    package enum Origin: Sendable, Hashable {
      /// The local Hugging Face cache: it is used from there.
      case cache(URL)
      /// The network, as far as it was not fetched before.
      case network
    }

    package let name: String
    /// Bytes; nil where the server does not tell.
    package let size: Int?
    /// SHA-256, where it is known beforehand.
    package let digest: String?
    package let origin: Origin
    /// Bytes that an earlier pull has fetched.
    package let bytesHere: Int
    /// Nil for the cache.
    let remote: RemoteFile?

    /// Bytes that will be fetched, as far as that is known.
    package var bytesToFetch: Int { origin == .network ? max(0, (size ?? 0) - bytesHere) : 0 }
  }

  /// Bytes of all files, as far as they are known.
  package var byteCount: Int { files.reduce(0) { $0 + ($1.size ?? 0) } }
  package var bytesToFetch: Int { files.reduce(0) { $0 + $1.bytesToFetch } }
  /// The path of the checkpoint once it is fetched.
  package var checkpointFile: URL { folder.appending(path: checkpoint) }
  /// SHA-256 of the checkpoint, where it is known beforehand.
  package var digest: String? { files.first?.digest }
}

/// How far a pull is.
public struct PullProgress: Sendable {
  /// The file that is being fetched.
  public let file: String
  /// Of `PullPlan.bytesToFetch`.
  public let bytesDone: Int
  /// Bytes of all files that must be fetched.
  public let bytesTotal: Int
}
