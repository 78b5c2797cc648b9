import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime
import ZooTensors

/// Which picture a model sees, and how.
struct PictureKey: Hashable, Sendable {
  let model: String
  /// SHA-256 of the picture's file.
  let picture: String
  let size: String
  /// Turned by its EXIF orientation.
  let upright: Bool
}

/// A picture, what a model saw of it, and the pass.
struct PicturePass: Sendable {
  let facts: PictureFacts
  let kept: KeptPass
  /// Answers any method; else only how well prompts fit.
  let isWhole: Bool
  let maps = KeptMaps()
  /// The embedding of each patch alone, once it was asked for.
  let patches: Lazy<Result<[[Float]], any Error>>

  init(facts: PictureFacts, kept: KeptPass, isWhole: Bool) {
    (self.facts, self.kept, self.isWhole) = (facts, kept, isWhole)
    patches = Lazy { Result { try kept.patchEmbeddings() } }
  }

  /// About what the records take.
  var bytes: Int {
    guard let tower = try? kept.model.vision.tower else { return 0 }
    let blocks = tower.blocks,
      each = isWhole ? (blocks.layers + 1) * (8 * blocks.width + blocks.mlpWidth) : 8 * blocks.width
    return kept.tokens * each * 4
  }
}

/// Makes passes of pictures, and finds those that are kept.
struct PicturePasses: Sendable {
  let shelf: ModelShelf
  let tools: ServerTools
  let limits: ServerLimits

  /// The kept pass, or a new one where a picture came along.
  ///
  /// - Parameters:
  ///   - image: the picture's file; nil where the client takes it to be known.
  ///   - isWhole: whether maps are wanted.
  ///   - check: throws where the pass is wanted no more; called after each block.
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
