import ZooRuntime

extension ZooModel {
  /// The cosine that a prompt must exceed to count as present: that of a prompt that names nothing with pictures that show nothing. Nil for half a
  /// model.
  ///
  /// The same prompt's cosine with the actual picture also depends on the picture, and is less reliable: README has the figures.
  /// - Parameter empty: The normalised embedding of a prompt that names nothing.
  func absentLimit(empty: [Float]) throws -> Float? {
    guard architecture.vision != nil, !architecture.isClassifier else { return nil }
    return dot(empty, try noiseEmbedding())
  }
}
