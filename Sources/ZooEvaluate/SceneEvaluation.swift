import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

/// Explains each object of each scene by its name and measures the maps against the masks.
public struct SceneEvaluation: Sendable {
  /// What a name is put into, at `{}`.
  public var template = "a photo of a {}"
  /// Scenes with fewer objects are left out: a lone thing is found by any map of what stands out.
  public var minObjects = 2

  public init() {}

  /// The scenes that take part.
  public func scenes(of folder: SceneFolder) -> [SceneFolder.Scene] {
    folder.scenes.filter { $0.objects.count >= max(1, minObjects) }
  }

  /// Measures several ways to explain on the same scenes.
  ///
  /// Maps are bilinear on the model's input and scaled to 0...1 there, whatever the method does; masks are brought to that
  /// size by the nearest pixel.
  /// - Parameters:
  ///   - explainers: all of one model.
  ///   - loader: how pictures reach the model; masks are turned and cropped with them.
  ///   - done: called after each scene with the number of scenes so far.
  ///   - failed: called for a scene whose picture or mask cannot be read; unless it throws, the others are measured.
  /// - Returns: one result for each explainer.
  public func run(
    _ explainers: [Explainer], on scenes: [SceneFolder.Scene], loader: PictureLoader, done: (Int) -> Void,
    failed: (SceneFolder.Scene, any Error) throws -> Void = { throw $1 }
  ) throws -> [Localisation] {
    guard template.contains("{}") else { throw EvaluateError.templateWithoutPlace(template) }
    var results = explainers.map { _ in Localisation() }
    // Names come again and again: each is read once.
    let names = Array(Set(scenes.flatMap { $0.objects.map(\.name) })).sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let prompts = try prepare(names.map { template.replacing("{}", with: $0) }, for: explainers)
    for (number, scene) in scenes.enumerated() {
      let picture: LoadedPicture, labels: LabelPicture
      do {
        picture = try loader.load(path: scene.image.path(percentEncoded: false))
        labels = try LabelPicture(scene, of: picture.source, loader)
      } catch {
        try failed(scene, error)
        continue
      }
      let wanted = scene.objects.compactMap { places[$0.name] }
      let ways = zip(explainers, prompts).map { (explainer: $0, prompts: $1[wanted]) }
      for (index, explanations) in try Explainer.explain([picture.input.tensor], ways).enumerated() {
        for (object, prompt) in zip(scene.objects, explanations[0].prompts) {
          let map = prompt.heatmap
          results[index].add(map: minMax(map.picture()), mask: labels.mask(of: object.label, size: map.pictureSize))
        }
      }
      done(number + 1)
    }
    return results
  }

  /// The prompts of each explainer; those that would be the same are embedded once.
  private func prepare(_ prompts: [String], for explainers: [Explainer]) throws -> [PreparedPrompts] {
    var known: [[String]: PreparedPrompts] = [:]
    return try explainers.map { explainer in
      let key = [explainer.correction?.prompt ?? Correction.emptyPrompt] + explainer.negatives
      let prepared = try known[key] ?? explainer.prepare(prompts)
      known[key] = prepared
      return prepared
    }
  }
}
