import Synchronization
import ZooImages
import ZooModels

extension ZooModel {
  /// The model's embedding of pictures that show nothing: the mean of the normalised embeddings of noise in three grain sizes.
  ///
  /// Computed once for a model, and cached with the embeddings of texts. Its cosine with a prompt that names nothing is the threshold for absent
  /// prompts.
  package func noiseEmbedding() throws -> [Float] {
    if let known = noise.withLock({ $0 }) { return known }
    // No prompt has such tokens; a different arithmetic gives different last digits.
    let key = [-1] + algebraName.utf8.map(Int32.init)
    let embedding: [Float]
    if let kept = textCache?.embedding(of: key) {
      embedding = kept
    } else {
      let tower = try vision.tower
      var preprocessing = try preprocessing
      preprocessing.scale(to: tower.image)
      let pictures = [tower.patch / 8, tower.patch / 2, tower.patch * 2].map {
        ZooImages.preprocess(noisePicture(preprocessing.size, grain: max($0, 1)), preprocessing).tensor
      }
      // One pass: a second one would keep the weights in memory.
      let all = try imageEmbeddings(pictures).map(normalised)
      embedding = all[0].indices.map { place in all.reduce(0) { $0 + $1[place] } / Float(all.count) }
      textCache?.keep(embedding, of: key)
    }
    noise.withLock { $0 = embedding }
    return embedding
  }
}

/// Random colours in spots of some pixels, the same on every machine.
private func noisePicture(_ size: GridSize, grain: Int) -> Picture {
  let height = (size.height + grain - 1) / grain, width = (size.width + grain - 1) / grain
  var state = UInt64(grain)
  // SplitMix64.
  let pixels = (0..<height * width * 3).map { _ -> UInt8 in
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return UInt8(truncatingIfNeeded: (value ^ value >> 31) >> 56)
  }
  return Picture(width: width, height: height, pixels: pixels)
    .resized(height: size.height, width: size.width, filter: .bicubic)
}
