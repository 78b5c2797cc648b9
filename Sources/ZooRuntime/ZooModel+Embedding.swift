import ZooImages

/// The embedding of a picture or a prompt, divided by its length.
public struct EmbeddingVector: Sendable, Hashable, Codable {
  /// The elements, as many as the width of the model's embedding; their squares add up to 1.
  public let values: [Float]

  /// - Parameter values: A vector of any nonzero length, which is normalised.
  public init(_ values: [Float]) { self.values = normalised(values) }

  /// The cosine of two embeddings from the same model, from -1 to 1.
  public func similarity(to other: EmbeddingVector) -> Float { dot(values, other.values) }
}

extension ZooModel {
  /// The numbers of pictures and of prompts in one pass through the model.
  private static let picturesTogether = 4, promptsTogether = 32

  /// The embeddings of pictures, in order, computed without blocking the caller's thread.
  ///
  /// Cancelling the task ends the work after the current block of the tower. Throws a `ModelError` for a text tower alone and for a classifier.
  ///
  /// - Parameter progress: Called with the number of pictures that are done.
  public func embed(
    _ pictures: [Picture], progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [EmbeddingVector] {
    if architecture.isClassifier { throw ModelError.noEmbedding(model: name) }
    return try await Background.inBatches(of: Self.picturesTogether, pictures, progress: progress) { some, check in
      let pixels = try some.map { picture in
        try check()
        return try self.preprocess(picture).tensor
      }
      return try self.imageEmbeddings(pixels) { _ in try check() }.map(EmbeddingVector.init)
    }
  }

  /// The embeddings of prompts, in order, computed without blocking the caller's thread.
  ///
  /// Cancelling the task ends the work after the current prompts. Throws a `ModelError` for an image tower alone and for a classifier, and a
  /// `TextError` if the tokenizer cannot be read.
  ///
  /// - Parameter progress: Called with the number of prompts that are done.
  public func embed(
    _ prompts: [String], progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [EmbeddingVector] {
    try await Background.inBatches(of: Self.promptsTogether, prompts, progress: progress) { some, _ in
      try self.textEmbeddings(some).map(EmbeddingVector.init)
    }
  }
}
