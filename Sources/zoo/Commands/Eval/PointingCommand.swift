import ArgumentParser
import Foundation
import ZooEvaluate

struct PointingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pointing", abstract: "The pointing game and pixel measures on scenes with several named things.",
    discussion: """
      Each object of each scene is one prompt. mIoU is the mean over prompts of the object's IoU at the threshold 0.5; \
      pointing says how often the map's maximum lies on the object, or at most \
      \(Localisation.tolerance) rows and columns off it; pixel AP is the mean average precision of the object's pixels. \
      A folder of scenes has \(SceneFolder.fileName): {"scenes": [{"id": "000", "image": "images/000.png", \
      "mask": "masks/000.png", "objects": [{"label": 1, "name": "panda"}, ...]}, ...]}, where labels are the values of the mask's pixels.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(help: "Scenes with fewer objects are left out.")
  var minObjects = 2

  func run() throws {
    let folder = try SceneFolder(URL(filePath: options.data, directoryHint: .isDirectory))
    let data = MaskedPictures(folder, minObjects: minObjects)
    guard !data.pictures.isEmpty else { throw EvaluateError.noScenes(file: options.data, minObjects: minObjects) }
    try options.evaluate(PointingProtocol(data))
  }
}
