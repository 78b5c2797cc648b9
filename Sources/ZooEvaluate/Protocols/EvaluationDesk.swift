import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// A model, its explainers, and the direction of each class.
package struct EvaluationDesk: Sendable {
  package let explainers: [Explainer]
  /// For each explainer, all classes.
  private let prepared: [PreparedPrompts]
  package var model: ZooModel { explainers[0].model }
  /// Times work that is not for all explainers.
  package let clock = MethodClock()
  /// Called before each block; throwing ends the work.
  private let step: @Sendable () throws -> Void

  /// - Parameters:
  ///   - explainers: Explainers of one model; at least one.
  ///   - heads: The directions for each, all classes in the protocol's order.
  package init(
    _ explainers: [Explainer], heads: [PreparedPrompts], step: @escaping @Sendable () throws -> Void = {}
  ) {
    precondition(!explainers.isEmpty && explainers.count == heads.count, "each way has a head")
    (self.explainers, prepared, self.step) = (explainers, heads, step)
  }

  /// A map of each requested class on each picture, `[pictures][ways][classes]`; pictures and ways share the passes.
  package func maps(_ pictures: [PixelTensor], of classes: [[Int]]) throws -> [[[Heatmap]]] {
    try explained(pictures, of: classes).map(\.maps)
  }

  /// The rows for each way's maps of each picture's classes, `[pictures][ways][rows]`.
  ///
  /// - Parameter measure: Returns the rows of one way for the picture at an index.
  func rows(
    _ pictures: [PixelTensor], of classes: [[Int]], _ measure: (_ place: Int, [Heatmap]) throws -> [MeasuredRow]
  ) throws -> [[[MeasuredRow]]] {
    try maps(pictures, of: classes).enumerated().map { place, ways in
      try ways.enumerated().map { way, maps in try clock.time([way]) { try measure(place, maps) } }
    }
  }

  /// The maps `[ways][classes]` of each picture, and the class that fits it best according to the same pass.
  func explained(
    _ pictures: [PixelTensor], of classes: [[Int]]
  ) throws -> [(maps: [[Heatmap]], bestClass: Int)] {
    let ways = zip(explainers, prepared).map { explainer, head in
      (explainer: explainer, prompts: classes.map { head[$0] })
    }
    let explained = try Explainer.explain(pictures, ways, clock: clock, step: step)
    return pictures.indices.map { picture in
      let own = explained.map { $0[picture] }
      return (own.map { $0.prompts.map(\.heatmap) }, bestClass(own[0].embedding))
    }
  }

  /// The part of a picture that the patches cover.
  func seenSize(of picture: PixelTensor) throws -> GridSize {
    let patch = try model.vision.tower.patch
    return GridSize(height: picture.height / patch * patch, width: picture.width / patch * patch)
  }

  /// The class that fits each picture best; the first if several are equal.
  func bestClasses(_ pictures: [PixelTensor]) throws -> [Int] {
    try model.imageEmbeddings(pictures) { _ in try step() }.map(bestClass)
  }

  private func bestClass(_ embedding: [Float]) -> Int {
    // Lengths do not change which one is best.
    let scores = prepared[0].embeddings.map { dot($0, embedding) }
    return scores.indices.dropFirst().reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }
}
