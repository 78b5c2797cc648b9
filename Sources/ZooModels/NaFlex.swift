/// NaFlex: a picture keeps its aspect ratio, to within a patch, and gets as many whole patches as allowed.
package struct NaFlex: Codable, Sendable, Hashable {
  /// The side of a patch in pixels.
  package var patch: Int
  package var maxPatches: Int

  package init(patch: Int, maxPatches: Int) {
    self.patch = patch
    self.maxPatches = maxPatches
  }

  /// The size that a picture is resized to: found by the same search for a scale as in big_vision and transformers
  /// (`get_image_size_for_max_num_patches`), in double precision like theirs.
  package func size(height: Int, width: Int) -> GridSize {
    func side(_ length: Int, _ scale: Double) -> Int {
      max(patch, Int((Double(length) * scale / Double(patch)).rounded(.up)) * patch)
    }
    let precision = 1e-5
    var low = precision / 10, high = 100.0
    while high - low >= precision {
      let scale = (low + high) / 2
      let patches = Double(side(height, scale) / patch) * Double(side(width, scale) / patch)
      if patches <= Double(maxPatches) { low = scale } else { high = scale }
    }
    return GridSize(height: side(height, low), width: side(width, low))
  }
}

extension Preprocessing {
  /// The preprocessing of a picture of this size: the same for all pictures unless each has a size of its own.
  package func settled(height: Int, width: Int) -> Preprocessing {
    guard let naflex else { return self }
    var own = self
    own.scale(to: naflex.size(height: height, width: width))
    (own.resizeSize, own.resizeMode) = (nil, .squash)
    return own
  }

  /// The size, or the maximum number of patches, as runs and reports state it.
  package var sizeText: String { naflex.map { "\($0.maxPatches) patches" } ?? "\(size)" }
  /// How pictures are made to fit, as runs and reports state it.
  package var fitText: String { naflex == nil ? resizeMode.rawValue : "naflex" }
}
