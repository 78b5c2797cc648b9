import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// A model, the ways to explain with it, and the direction of each class.
public struct EvaluationDesk: Sendable {
  public let explainers: [Explainer]
  /// Of each explainer, for all classes.
  private let prepared: [PreparedPrompts]
  public var model: Model { explainers[0].model }
  /// Times what is done for one way and not for all.
  public let clock = MethodClock()

  /// - Parameters:
  ///   - explainers: all of one model; at least one.
  ///   - heads: what each looks for, all classes in the protocol's order.
  public init(_ explainers: [Explainer], heads: [PreparedPrompts]) {
    precondition(!explainers.isEmpty && explainers.count == heads.count, "each way has a head")
    (self.explainers, prepared) = (explainers, heads)
  }

  /// A map of each class on one picture, `[ways][classes]`; all ways share the pass.
  package func maps(_ picture: PixelTensor, of classes: [Int]) throws -> [[Heatmap]] {
    try explained(picture, of: classes).maps
  }

  /// The rows of each way's maps of some classes of a picture.
  func rows(
    _ picture: PixelTensor, of classes: [Int], _ measure: ([Heatmap]) throws -> [MeasuredRow]
  ) throws -> [[MeasuredRow]] {
    try maps(picture, of: classes).enumerated().map { way, maps in try clock.time([way]) { try measure(maps) } }
  }

  /// The maps, and the class that fits the picture best by the same pass.
  func explained(_ picture: PixelTensor, of classes: [Int]) throws -> (maps: [[Heatmap]], bestClass: Int) {
    let ways = zip(explainers, prepared).map { (explainer: $0, prompts: $1[classes]) }
    let explanations = try Explainer.explain([picture], ways, clock: clock).map { $0[0] }
    return (explanations.map { $0.prompts.map(\.heatmap) }, bestClass(explanations[0].embedding))
  }

  /// The part of a picture that patches cover.
  func seenSize(of picture: PixelTensor) throws -> GridSize {
    let patch = try model.vision.tower.patch
    return GridSize(height: picture.height / patch * patch, width: picture.width / patch * patch)
  }

  /// The class that fits each picture best; the first of equal ones.
  func bestClasses(_ pictures: [PixelTensor]) throws -> [Int] {
    try model.imageEmbeddings(pictures).map(bestClass)
  }

  private func bestClass(_ embedding: [Float]) -> Int {
    // Lengths do not change which is the best.
    let scores = prepared[0].embeddings.map { dot($0, embedding) }
    return scores.indices.dropFirst().reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
  }
}
