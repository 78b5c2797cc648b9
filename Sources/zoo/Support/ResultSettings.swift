import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// Everything that decides what a result shows, besides its picture and its prompts. New options that change results are added here, and thereby to
/// the ids in file names.
struct ResultSettings: Encodable {
  private let model: ModelDescription
  /// The method with its options, with its layers resolved.
  private let method: String
  private let correction: Correction?
  private let negatives: [String]
  private let preprocessing: Preprocessing
  private let upright: Bool
  private let precision: Precision
  /// A digest of embeddings that replace prompts, whose names say nothing.
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
    /// Nil for the default size.
    let tile: Int?
    /// Whether sheets show the contributions of words.
    let words: Bool
    let ground: String
    let threshold: Float?
  }

  init(_ explainer: Explainer, loader: PictureLoader, precision: Precision, embeddings: [[Float]] = []) throws {
    var model = explainer.model.description
    // What the model is, not how it was made.
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

  /// The settings with drawing options added.
  func drawn(_ options: DrawingOptions) -> ResultSettings {
    var result = self
    result.drawing = Drawing(
      colorMap: options.colorMap.rawValue, alpha: options.alpha, scale: options.scale.rawValue, tile: options.tile,
      words: options.words,
      ground: options.ground.rawValue, threshold: options.threshold)
    return result
  }

  /// A short text that depends only on the settings, the same on every machine.
  func digest() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).withUnsafeBytes { String(sha256(of: $0).description.prefix(32)) }
  }
}
