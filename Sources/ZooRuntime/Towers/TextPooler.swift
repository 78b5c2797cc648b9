import CZooKernels
import ZooModels

/// The pooling of open_clip's ModernText: a learned query attends to the tokens of a prompt, without an output matrix.
struct TextPooler: Sendable {
  private let shape: Blocks
  private let kv: Linear
  private let norms: HeadNorms?
  /// `[width]`: the query, which is the same for every prompt, after its linear map and norm.
  private let query: [Float]

  init(_ weights: Weights, shape: Blocks) throws {
    self.shape = shape
    kv = try weights.linear("text.pooler.kv")
    norms = try HeadNorms(weights, "text.pooler", shape: shape)
    let latent = try weights.vector("text.pooler.latent").array
    var query = [Float](repeating: 0, count: shape.width)
    try weights.linear("text.pooler.q").forward(latent, rows: 1, into: &query, parallel: Parallel(threads: 1))
    norms?.apply(toQuery: &query)
    self.query = query
  }

  /// `[width]` from `count` rows of tokens after the last norm.
  func pool(_ rows: UnsafePointer<Float>, count: Int, engine: Engine) -> [Float] {
    let (width, head) = (shape.width, shape.headWidth), tokens = FloatBuffer(uninitialised: count * 2 * width)
    kv.forward(rows, rows: count, into: tokens.pointer, parallel: engine.parallel)
    for row in 0..<count { norms?.apply(toKey: tokens.pointer + row * 2 * width) }
    let result = FloatBuffer(uninitialised: width)
    query.withUnsafeBufferPointer { query in
      guard let query = query.baseAddress else { return }
      for number in 0..<shape.heads {
        let offset = number * head, k = tokens.pointer + offset
        withScratch(zoo_attention_scratch(count, head)) { scratch in
          zoo_attention(
            query + offset, width, k, k + width, 2 * width, 1, count, head, shape.attentionScale, nil,
            Int32(ZOO_MASK_NONE.rawValue), 0, result.pointer + offset, width, scratch, nil)
        }
      }
    }
    return Array(UnsafeBufferPointer(start: result.pointer, count: width))
  }
}
