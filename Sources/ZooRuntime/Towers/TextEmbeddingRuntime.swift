import CZooKernels
import Foundation
import ZooModels

/// The input of a text tower's blocks: tokens, positions, and what a transformers tower does to their sum.
struct TextEmbeddingRuntime: Sendable {
  private let tower: TextTower
  private let tokens: WeightMatrix
  /// Learned or computed; nil if only attention encodes positions.
  private let positions: FloatView?
  private let tokenType: FloatView?
  private let norm: Norm?
  let classToken: FloatView?

  init(_ weights: Weights, tower: TextTower) throws {
    self.tower = tower
    tokens = try weights.matrix("text.tokens")
    let width = tower.blocks.width
    let last = tower.position(ofToken: tower.contextLength - 1, at: tower.contextLength - 1)
    positions =
      tower.positions > 0
      ? try weights.vector("text.positions")
      : tower.embedding?.sinusoidal == true
        ? FloatView((0...last).flatMap { sinusoids(at: $0, width: width) }) : nil
    tokenType = (tower.embedding?.tokenTypes ?? 0) > 0 ? try weights.vector("text.token_types") : nil
    norm =
      tower.embedding?.norm == true
      ? try weights.norm("text.embedding_norm", eps: tower.blocks.normEps, rms: tower.blocks.rms)
      : nil
    classToken = tower.pooling == .classToken ? try weights.vector("text.class_token") : nil
  }

  /// The residual stream before the first block, for those tokens of each prompt that are run.
  func embed(_ prompts: [[Int32]], places: [[Int]]) -> BlockWork {
    let width = tower.blocks.width
    let work = BlockWork(lengths: places.map { $0.count + (classToken == nil ? 0 : 1) }, shape: tower.blocks)
    let factor = tower.embedding?.scaled == true ? Float(width).squareRoot() : 1
    for (index, prompt) in prompts.enumerated() {
      let start = work.x.pointer + work.spans[index].lowerBound * width
      for (place, token) in places[index].enumerated() {
        let row = start + place * width
        let id = Int(prompt[token]), own = tokens.rows(id..<id + 1)
        row.update(from: own.pointer, count: width)
        withExtendedLifetime(own) {}
        if factor != 1 { for k in 0..<width { row[k] *= factor } }
        if let tokenType { zoo_add_bias(row, tokenType.pointer, 1, width) }
        let position = tower.position(ofToken: token, at: place)
        if let positions { zoo_add_bias(row, positions.pointer + position * width, 1, width) }
      }
      guard let classToken else { continue }
      let last = start + places[index].count * width
      last.update(from: classToken.pointer, count: width)
      if let positions { zoo_add_bias(last, positions.pointer + tower.contextLength * width, 1, width) }
    }
    norm?.apply(work.x.pointer, rows: work.rows, into: work.x.pointer, parallel: Parallel(threads: 1))
    return work
  }
}

/// The position embedding of M2M-100: sines of `width / 2` angles, then their cosines, and zero if the width is odd. Angles are products in f32, as
/// in its code: the position times `exp(-k log(10000) / (width / 2 - 1))`.
private func sinusoids(at position: Int, width: Int) -> [Float] {
  let half = width / 2, step = Float(log(10_000) / Double(max(half - 1, 1)))
  let angles = (0..<half).map { Double(Float(position) * Float(exp(Double(Float($0) * -step)))) }
  return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) } + (width % 2 == 0 ? [] : [0])
}
