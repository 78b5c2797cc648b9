extension ModelDescription {
  /// The towers' output for a fixed picture and fixed prompts, to check that a model still computes what it did when it was converted.
  ///
  /// Not a digest, as libraries and processors differ in the last bits: rounded numbers are stored and compared within `tolerance`.
  package struct Probe: Codable, Sendable, Hashable {
    /// The maximum difference: absolute for the values of a normalised vector, relative for its length. For runs in f32.
    package static let tolerance: Float = 1e-3
    /// The text that `prompt` was computed from.
    package static let promptText = "a photo of a cat"

    /// For the picture: the embedding, or the logits of a classifier; nil for a text tower alone.
    package var image: Vector?
    /// For fixed token ids, without the tokenizer; nil without a text tower.
    package var text: Vector?
    /// For `promptText`; nil if the model has no tokenizer.
    package var prompt: Vector?

    package init(image: Vector? = nil, text: Vector? = nil, prompt: Vector? = nil) {
      self.image = image
      self.text = text
      self.prompt = prompt
    }

    /// A summary of an embedding.
    package struct Vector: Codable, Sendable, Hashable {
      /// The first values after normalisation, at most 16, rounded to 1e-5.
      package var values: [Float]
      /// The length before normalisation, rounded to 5 digits.
      package var norm: Float

      /// Nil if the embedding contains NaN or infinite numbers, or is all zeros.
      package init?(_ embedding: [Float]) {
        let length = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length.isFinite, length > 0 else { return nil }
        values = embedding.prefix(16).map { Float((Double($0) / length * 1e5).rounded() / 1e5) }
        var unit = 1.0
        while unit * 1e5 <= length { unit *= 10 }
        while unit * 1e4 > length { unit /= 10 }
        norm = Float((length / unit).rounded() * unit)
      }

      func agrees(with other: Vector) -> Bool {
        values.count == other.values.count && zip(values, other.values).allSatisfy { abs($0 - $1) <= Probe.tolerance }
          && abs(norm - other.norm) <= Probe.tolerance * max(norm, other.norm)
      }
    }

    /// The parts that could be computed then but cannot be now.
    package func losses(in other: Probe) -> [String] {
      let parts = [("image", image, other.image), ("text", text, other.text), ("prompt", prompt, other.prompt)]
      return parts.compactMap { name, mine, theirs in mine != nil && theirs == nil ? name : nil }
    }

    /// The parts in which a new probe differs by more than the tolerance: `image`, `text`, `prompt`. Parts that only one of them has are not
    /// compared.
    package func disagreements(with other: Probe) -> [String] {
      let parts = [("image", image, other.image), ("text", text, other.text), ("prompt", prompt, other.prompt)]
      return parts.compactMap { name, mine, theirs in
        guard let mine, let theirs else { return nil }
        return mine.agrees(with: theirs) ? nil : name
      }
    }
  }
}
