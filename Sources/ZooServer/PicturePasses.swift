import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// A picture, the model that sees it, and how.
struct PictureKey: Hashable, Sendable {
  let model: String
  /// SHA-256 of the picture's file.
  let picture: String
  let size: String
  /// Whether it is turned according to its EXIF orientation.
  let upright: Bool
}

/// A picture, what a model saw of it, and the pass.
struct PicturePass: Sendable {
  let facts: PictureFacts
  let kept: KeptPass
  /// Whether it can answer any method; otherwise only how well prompts fit.
  let isWhole: Bool
  let maps = KeptMaps()
  /// The embedding of each patch alone, computed on first use.
  let patches: Lazy<Result<[[Float]], any Error>>

  init(facts: PictureFacts, kept: KeptPass, isWhole: Bool) {
    (self.facts, self.kept, self.isWhole) = (facts, kept, isWhole)
    patches = Lazy { Result { try kept.patchEmbeddings() } }
  }

  /// The approximate size of the records.
  var bytes: Int {
    guard let tower = try? kept.model.vision.tower else { return 0 }
    let blocks = tower.blocks,
      each = isWhole ? (blocks.layers + 1) * (8 * blocks.width + blocks.mlpWidth) : 8 * blocks.width
    return kept.tokens * each * 4
  }
}

/// Computes passes of pictures, and finds those that are kept.
struct PicturePasses: Sendable {
  let shelf: ModelShelf
  let tools: ServerTools
  let limits: ServerLimits

  /// The kept pass, or a new one if a picture was sent along.
  ///
  /// - Parameters:
  ///   - image: The picture's file; nil if the client assumes that it is known.
  ///   - isWhole: Whether maps are wanted.
  ///   - check: Throws if the pass is no longer wanted; called after each block.
  func pass(
    _ key: PictureKey, image: Data?, isWhole: Bool, _ model: ZooModel, check: () throws -> Void
  ) throws -> PicturePass {
    if let pass = shelf.pass(key), pass.isWhole || !isWhole { return pass }
    guard let data = image ?? shelf.picture(key.picture) else { throw ServerError.unknownPicture }
    var preprocessing = try model.preprocessing
    if !key.size.isEmpty { preprocessing.scale(to: try tools.size(key.size, model.vision.tower.patch)) }
    let loader = PictureLoader(preprocessing: preprocessing, upright: key.upright, pixelLimit: limits.pixels)
    let picture = loader.load(try Picture.decode(data, name: "the picture", pixelLimit: limits.pixels))
    let kept = try KeptPass(picture.input.tensor, isWhole: isWhole, model: model) { layer in
      try check()
      shelf.note(blocks: layer + 1, of: model)
    }
    let pass = PicturePass(facts: picture.source, kept: kept, isWhole: isWhole)
    shelf.keep(pass, key)
    shelf.keep(picture: data, id: key.picture)
    return pass
  }
}
