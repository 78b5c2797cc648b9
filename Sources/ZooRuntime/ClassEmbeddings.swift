extension ZooModel {
  /// The direction of each name: the normalised mean of the normalised embeddings of the name in all templates, inserted at `{}`.
  ///
  /// Each name is one entry in the text cache, so that a head of 1000 names in 80 templates is computed once for a model, and continues after an
  /// interruption.
  ///
  /// - Parameter done: Called with the number of names that are done; throwing ends the work.
  public func textEmbeddings(
    of names: [String], in templates: [String], done: (Int) throws -> Void = { _ in }
  ) throws -> [[Float]] {
    let tokenizer = try tokenizer()
    if names.count > 1 { keepText() }
    return try names.enumerated().map { place, name in
      let tokens = templates.map { tokenizer.encode($0.replacing("{}", with: name)) }
      // No prompt has such tokens: cached prompt embeddings are not normalised.
      let key: [Int32] = [-2] + tokens.joined()
      if let known = textCache?.embedding(of: key) {
        try done(place + 1)
        return known
      }
      let all = try textEmbeddings(tokens: tokens).map(normalised)
      let direction = normalised(all.dropFirst().reduce(all[0]) { sum, vector in zip(sum, vector).map { $0 + $1 } })
      textCache?.keep(direction, of: key)
      try done(place + 1)
      return direction
    }
  }
}
