/// How an image embedding is compared with a text embedding.
public enum Score: String, Sendable, Hashable, CaseIterable, Codable {
  /// The cosine of the two vectors.
  case cosine
  /// The dot product, with the picture's vector not normalised.
  case dot

  /// The gradient of the score with respect to the embedding `e`: `t` for the dot product, `(t - s e / |e|) / |e|` for the cosine `s`.
  package func gradient(of embedding: [Float], direction: [Float]) -> [Float] {
    guard self == .cosine else { return direction }
    let length = max(embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
    let unit = embedding.map { Double($0) / length }
    let cosine = zip(unit, direction).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    return zip(unit, direction).map { Float((Double($1) - cosine * $0) / length) }
  }
}
