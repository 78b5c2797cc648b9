import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// All that decides what a result shows, besides its picture and its prompts. A new option that changes results is
/// added here, and so to the ids in their names.
struct ResultSettings: Encodable {
  private let model: ModelDescription
  /// The method with its options, the layers counted.
  private let method: String
  private let correction: Correction?
  private let negatives: [String]
  private let preprocessing: Preprocessing
  private let upright: Bool
  private let precision: Precision
  /// A digest of embeddings that take the place of prompts, whose names say nothing.
  private let embeddings: String?
  /// Nil for raw maps.
  private var drawing: Drawing?

  private struct Correction: Encodable {
    let prompt: String
    let threshold: Float
  }

  private struct Drawing: Encodable {
    let colorMap: String
    let alpha: Double
    let scale: String
    /// Nil for the usual size.
    let tile: Int?
    /// Sheets show the shares of words.
    let words: Bool
    let ground: String
    let threshold: Float?
  }

  init(_ explainer: Explainer, loader: PictureLoader, precision: Precision, embeddings: [[Float]] = []) throws {
    var model = explainer.model.description
    // What it is, not how it came about.
    (model.probe, model.notes, model.sources) = (nil, [], [])
    self.model = model
    let method = explainer.method.base
    let layers = try method.ownLayers(of: explainer.model.vision.tower.depth)
    self.method = "\(layers.map { method.using($0) } ?? method)"
    correction = explainer.correction.map { Correction(prompt: $0.prompt, threshold: $0.threshold) }
    negatives = explainer.negatives
    preprocessing = loader.preprocessing
    upright = loader.upright
    self.precision = precision
    self.embeddings =
      embeddings.isEmpty
      ? nil
      : embeddings.flatMap { $0 }.map(\.bitPattern.littleEndian).withUnsafeBytes { sha256(of: $0).description }
  }

  /// With what pictures are drawn by.
  func drawn(_ options: DrawingOptions) -> ResultSettings {
    var result = self
    result.drawing = Drawing(
      colorMap: options.colorMap.rawValue, alpha: options.alpha, scale: options.scale.rawValue, tile: options.tile,
      words: options.words,
      ground: options.ground.rawValue, threshold: options.threshold)
    return result
  }

  /// A short text that is the same for the same settings, on every machine.
  func digest() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).withUnsafeBytes { String(sha256(of: $0).description.prefix(32)) }
  }
}
