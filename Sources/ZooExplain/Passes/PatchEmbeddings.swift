import ZooRuntime

extension KeptPass {
  /// The embedding that each patch alone would have: its token after the last block, passed through the model's own head, normalised.
  /// `[rows * columns of patches][embedding]`. The pass must be whole (`init(_:isWhole:model:step:)`).
  package func patchEmbeddings() throws -> [[Float]] {
    let vision = try model.vision, prefix = vision.tower.prefixTokens, width = vision.tower.blocks.width
    return (prefix..<tokens).map { place in
      let token = output.pointer + place * width
      let embedding =
        switch vision.head {
        case .tokens(let head): head.embed(alone: Array(UnsafeBufferPointer(start: token, count: width)))
        case .query(let head): head.embed(token, count: 1, engine: model.engine)
        }
      return normalised(embedding)
    }
  }
}
