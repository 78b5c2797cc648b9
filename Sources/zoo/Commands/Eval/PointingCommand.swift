import ArgumentParser
import Foundation
import ZooEvaluate

struct PointingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pointing", abstract: "The pointing game and pixel measures on scenes with several annotated objects.",
    discussion: """
      Each object of each scene is one prompt. mIoU is the mean over prompts of the object's IoU at the threshold 0.5; \
      pointing is the share of prompts whose map has its maximum on the object, or within \(Localisation.tolerance) rows and \
      columns of it; pixel AP is the mean average precision of the object's pixels.

      --data is a folder with pictures, masks and a file \(SceneFolder.fileName) such as

      {"scenes": [
      {"id": "000", "image": "images/000.png", "mask": "masks/000.png",
      "objects": [{"label": 1, "name": "glasses"},
      {"label": 2, "name": "crab"}]}
      ]}

      A mask is an 8-bit PNG of its picture's size; each pixel is 0 or the label of the object there.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(help: "Leave out scenes with fewer objects.")
  var minObjects = 2

  func run() throws {
    try options.evaluate(PointingProtocol(scenesIn: options.data, minObjects: minObjects))
  }
}

extension PointingProtocol {
  /// The scenes of a folder with at least so many objects; throws if there is none.
  init(scenesIn folder: String, minObjects: Int = 2) throws {
    let data = MaskedPictures(
      try SceneFolder(URL(filePath: folder, directoryHint: .isDirectory)), minObjects: minObjects)
    guard !data.pictures.isEmpty else { throw EvaluateError.noScenes(file: folder, minObjects: minObjects) }
    self.init(data)
  }
}
