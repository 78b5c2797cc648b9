import Foundation
import ZooImages
import ZooRuntime
import ZooTensors

/// A picture that could not be read, and why.
public struct UnreadPicture: Sendable {
  /// The path of the picture, or `ARCHIVE.tar/MEMBER`.
  public let path: String
  /// The reason, as a sentence.
  public let reason: String
}

extension ZooModel {
  private static let filesTogether = 4

  /// Embeds picture files, folders and WebDataset archives into a folder that `EmbeddingSearch` and `zoo search` can read, without blocking the
  /// caller's thread. Pictures are read while the model works, and are never all in memory.
  ///
  /// Cancelling the task ends the work after the current pictures. Finished embeddings are kept, and the next call with the same pictures continues
  /// from there. Throws an `EvaluateError` if the folder holds something else or cannot be written, and for a classifier.
  ///
  /// - Parameters:
  ///   - pictures: Pictures; folders, for every picture in or below them; and `.tar` files, for the members that are named like pictures.
  ///   - folder: The folder for the embeddings, in the format of `zoo embed`.
  ///   - progress: Called with the number of pictures done and their total, on the working thread.
  /// - Returns: The pictures that could not be read and have no embedding.
  @discardableResult
  public func embed(
    files pictures: [URL], into folder: URL,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> [UnreadPicture] {
    if architecture.isClassifier { throw EvaluateError.noEmbeddings(model: name) }
    return try await Background.run { check in
      let output = folder.path(percentEncoded: false)
      let found = PictureSearch(pictures.map { $0.path(percentEncoded: false) }, excluding: output).pictures
      let inputs = try EmbeddingInputs(pictures: found), loader = PictureLoader(preprocessing: try self.preprocessing)
      let description = try EmbeddingDescription(
        of: inputs, by: self, loader: loader, normalised: true, storage: EmbeddingStorage(), shard: .whole, made: [])
      let run = try EmbeddingRun(output, inputs, description, model: self, resume: true)
      var unread: [UnreadPicture] = []
      progress(run.known, inputs.entries.count)
      try run.run(loader: loader, together: Self.filesTogether) { path, error in
        unread.append(UnreadPicture(path: path, reason: "\(error)"))
      } done: { done in
        progress(run.known + done, inputs.entries.count)
        try check()
      }
      return unread
    }
  }
}
