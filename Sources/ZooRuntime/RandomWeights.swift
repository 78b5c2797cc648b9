import CZooKernels
import Foundation
import ZooModels
import ZooTensors

/// Seeded weights for an architecture, for benchmarks and tests of size: the model runs, but gives meaningless results.
package struct RandomWeights: Sendable {
  package let seed: UInt64

  package init(seed: UInt64 = 1) { self.seed = seed }

  /// An f32 tensor that depends on the seed, its name and its shape. Gains are near 1, offsets near 0, and matrices preserve the scale of what they
  /// multiply.
  package func tensor(_ spec: TensorSpec) -> Tensor {
    let block = MemoryBlock(byteCount: spec.count * 4)
    let target = block.bytes.bindMemory(to: Float.self).baseAddress!
    let (centre, spread) = range(of: spec)
    let seed = spec.name.utf8.reduce(self.seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    Parallel().forRanges(spec.count, atLeast: 1 << 16) { range in
      zoo_fill_random(
        target + range.lowerBound, range.count, seed, UInt64(range.lowerBound), centre, spread)
    }
    let bytes = UnsafeRawBufferPointer(start: target, count: spec.count * 4)
    return Tensor(dtype: .f32, shape: spec.shape, data: ByteView(bytes, owner: block))
  }

  private func range(of spec: TensorSpec) -> (centre: Float, spread: Float) {
    if spec.name == "logit_scale" { return (4.6, 0) }
    if spec.name == "logit_bias" { return (-10, 0) }
    if spec.shape.count == 1 {
      // The variance of a batch norm, under its names here and in checkpoints.
      let isNearOne = [".weight", ".variance", ".running_var"].contains { spec.name.hasSuffix($0) }
      return isNearOne ? (1, 0.2) : (0, 0.05)
    }
    let inputs = spec.shape.dropFirst().reduce(1, *)
    let isTable = ["tokens", "positions", "token_types"].contains { spec.name.hasSuffix($0) }
    return (0, isTable ? 0.05 : (3 / Float(inputs)).squareRoot())
  }
}

extension ZooModel {
  /// A model with seeded random weights. It has no tokenizer files: texts must be given as token ids.
  package convenience init(
    random architecture: Architecture, preprocessing: Preprocessing?, seed: UInt64 = 1,
    algebra: (any LinearAlgebra)? = nil, parallel: Parallel = Parallel()
  ) throws {
    let algebra = try algebra ?? makeAlgebra()
    let random = RandomWeights(seed: seed)
    let specs = Dictionary(uniqueKeysWithValues: architecture.tensors.map { ($0.name, $0) })
    let description = ModelDescription(
      architecture: architecture, tag: "random", preprocessing: preprocessing, layout: "random", tokenizerFiles: [],
      sources: [], digests: [:], notes: [])
    try self.init(
      description: description, directory: URL(filePath: "/nonexistent"), algebra: algebra, parallel: parallel
    ) { name in
      guard let spec = specs[name] else { throw ModelError.missingTensor(file: "random weights", tensor: name) }
      return random.tensor(spec)
    }
  }
}
