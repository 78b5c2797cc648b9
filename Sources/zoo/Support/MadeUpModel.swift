import ZooModels
import ZooRuntime
import ZooStore

/// An installed model, or a registered architecture with seeded random weights.
func loadOrMakeUp(
  _ reference: String, algebra: any LinearAlgebra, parallel: Parallel, seed: UInt64, registry: RegistryOptions,
  random: Bool = false
) throws -> ZooModel {
  if !random, let directory = try? ModelStore().resolve(reference) {
    return try ZooModel(directory: directory, algebra: algebra, parallel: parallel)
  }
  let (manifest, weights) = try registry.registry().resolve(ModelName(reference))
  let architecture = weights.map(manifest.architecture.trained) ?? manifest.architecture
  let preprocessing = weights?.preprocessing ?? architecture.vision.map { Preprocessing(size: $0.image) }
  return try ZooModel(
    random: architecture, preprocessing: preprocessing, seed: seed, algebra: algebra, parallel: parallel)
}
