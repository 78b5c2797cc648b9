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
  private static let filesTogether = 4, rowsPerFile = 100_000

  /// Embeds picture files, folders of them and WebDataset archives into a folder that `EmbeddingSearch` and `zoo search` read, away from the caller's
  /// thread. The pictures are read while the model works, and are never all in memory.
  ///
  /// Cancelling the task ends the work after the pictures at hand. What was embedded by then stays, and the next call with the same pictures goes on
  /// with it. Throws an `EvaluateError` if the folder holds something else or cannot be written, and for a classifier.
  ///
  /// - Parameters:
  ///   - pictures: In a folder, every picture below it is taken; of a `.tar` file, the members that are named as pictures.
  ///   - folder: Where the embeddings go, as `zoo embed` writes them.
  ///   - progress: Called with the pictures that are done and their total, on the thread that works.
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
      let description = EmbeddingDescription(
        kind: .images, model: self.name, modelDigest: try self.description.runDigest(), dataDigest: inputs.digest,
        inputs: inputs.entries.count, width: self.architecture.embedding, normalised: true,
        storage: EmbeddingStorage(format: .npy, element: .f32, rowsPerFile: Self.rowsPerFile),
        pictures: loader.choices(precision: self.engine.algebra.precision), shard: .whole, made: [])
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
