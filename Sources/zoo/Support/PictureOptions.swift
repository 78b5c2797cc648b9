import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooStore
import ZooTensors
import ZooText

/// How pictures are prepared for the model.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Input size other than the model's own: N or HEIGHTxWIDTH in pixels.", valueName: "size"))
  var size: String?

  @Option(
    help: ArgumentHelp(
      "Maximum number of patches per picture, for NaFlex models, which keep each picture's proportions.",
      valueName: "count"))
  var maxPatches: Int?

  @Option(
    help:
      "How a picture is fitted to the input size: shortest side (and crop), squash, longest side (and fill), or keep.")
  var resize: Preprocessing.ResizeMode?

  @Flag(help: "Turn pictures upright by their EXIF orientation. The Python tools do not.")
  var upright = false

  @Option(
    help: ArgumentHelp(
      "The most pixels that a picture file may have; \(Picture.pixelLimit) by default, as in Pillow.",
      valueName: "count")
  )
  var maxPixels = Picture.pixelLimit

  mutating func validate() throws {
    if maxPatches != nil, size != nil || resize != nil {
      throw ValidationError("--max-patches goes without --size and --resize, which are for one size.")
    }
    if let maxPatches, !Limits.patches.contains(maxPatches) {
      throw ValidationError(
        "--max-patches must be between \(Limits.patches.lowerBound) and \(Limits.patches.upperBound).")
    }
    if !Picture.pixelLimits.contains(maxPixels) {
      throw ValidationError("--max-pixels must be between 1 and \(Picture.pixelLimits.upperBound).")
    }
  }

  func preprocessing(of model: ZooModel) throws -> Preprocessing {
    var result = try model.preprocessing
    if let size { result.scale(to: try Self.parse(size, patch: model.vision.tower.patch)) }
    if let resize { (result.resizeMode, result.naflex) = (resize, nil) }
    if let maxPatches {
      guard result.naflex != nil else { throw CallError.fixedSize(model: model.name) }
      result.naflex?.maxPatches = maxPatches
    }
    return result
  }

  static func parse(_ text: String, patch: Int) throws -> GridSize {
    let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      height > 0, width > 0
    else { throw CallError.badSize(text) }
    let limit = Limits.side.upperBound
    guard max(height, width) <= limit else { throw CallError.sizeAboveLimit(text, limit: limit) }
    let size = GridSize(height: height, width: width)
    guard min(height, width) >= patch else { throw CallError.sizeBelowPatch(size, patch: patch) }
    guard Limits.patches.contains((height / patch) * (width / patch)) else {
      throw CallError.tooManyPatches(size, patch: patch)
    }
    return size
  }

  /// The loader that prepares pictures for the model, with notes about the size.
  func loader(for model: ZooModel, notes: inout Notes) throws -> PictureLoader {
    let preprocessing = try preprocessing(of: model)
    if size != nil { try note(preprocessing.size, of: model, in: &notes) }
    return PictureLoader(preprocessing: preprocessing, upright: upright, pixelLimit: maxPixels)
  }

  private func note(_ size: GridSize, of model: ZooModel, in notes: inout Notes) throws {
    let tower = try model.vision.tower, patch = tower.patch
    let seen = GridSize(height: size.height / patch * patch, width: size.width / patch * patch)
    if seen != size {
      notes.add("Of \(size) pixels, the model sees the \(seen) that whole patches of \(patch) pixels cover.")
    }
    let work = Workload(tower, text: nil, size: size)
    let usual = Workload(tower, text: nil, size: try model.preprocessing.size)
    if work.tokenCount > Self.manyTokens {
      let factor = Int((work.imageTower / usual.imageTower).rounded())
      notes.add(
        "A picture of \(size) has \(work.tokenCount) tokens: about \(factor) times the work of the model's own "
          + "\(try model.preprocessing.size).")
    }
  }

  /// If a picture has more tokens than this, a note says so.
  private static let manyTokens = 4096
}
