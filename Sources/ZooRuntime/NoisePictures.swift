import Synchronization
import ZooImages
import ZooModels

extension ZooModel {
  /// What the model makes of pictures that show nothing: the mean of the normalised embeddings of noise in three grains.
  ///
  /// Computed once for a model, and kept with the embeddings of texts. How well a prompt that names nothing fits it is what
  /// prompts are measured by that may be absent.
  package func noiseEmbedding() throws -> [Float] {
    if let known = noise.withLock({ $0 }) { return known }
    // No prompt has such tokens; another arithmetic has other last digits.
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
      // In one pass: a second one would keep the weights in memory.
      let all = try imageEmbeddings(pictures).map(normalised)
      embedding = all[0].indices.map { place in all.reduce(0) { $0 + $1[place] } / Float(all.count) }
      textCache?.keep(embedding, of: key)
    }
    noise.withLock { $0 = embedding }
    return embedding
  }
}

/// Colours at random, the same on every machine, in spots of some pixels.
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
