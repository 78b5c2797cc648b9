import ZooRuntime

extension ZooModel {
  /// The cosine that a prompt must exceed to count as present: that of a prompt that names nothing with pictures that show
  /// nothing. Nil for half a model.
  ///
  /// The same prompt's cosine with the picture at hand, which also says something of the picture, tells less: README has the figures.
  /// - Parameter empty: the normalised embedding of a prompt that names nothing.
  func absentLimit(empty: [Float]) throws -> Float? {
    guard architecture.vision != nil, !architecture.isClassifier else { return nil }
    return dot(empty, try noiseEmbedding())
  }
}
