/// Everything that an app needs: reading and converting checkpoints, the built-in registry, models, prompts, pictures, heat maps, evaluation.
///
/// ```swift
/// import Zoo
///
/// let model = try ZooModel(directory: url)
/// let explanation = try Explainer(model: model).explain(Picture(contentsOf: picture), prompts: ["a photo of a cat"])
/// ```
@_exported import ZooCheckpoints
@_exported import ZooConvert
@_exported import ZooEvaluate
@_exported import ZooExplain
@_exported import ZooImages
@_exported import ZooManifests
@_exported import ZooModels
@_exported import ZooRuntime
@_exported import ZooStore
@_exported import ZooTensors
@_exported import ZooText
