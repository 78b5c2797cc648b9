import ArgumentParser
import Foundation
import ZooEvaluate

struct SegmentationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segmentation",
    abstract: "ImageNet-Segmentation's protocol: pixel accuracy, mIoU over object and background, mAP.",
    discussion: """
      --data is gtsegs_ijcv.mat, as ImageNet-Segmentation is published; a folder with images, masks and data.csv (index, wnid, \
      name), as it is exported; a folder with masks of labels and names.txt, as for PASCAL VOC or COCO; or a folder of scenes.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(help: "A pixel counts as found if its value is above this: 0 to 1, or mean (Chefer's script, TextSpan).")
  var threshold = "0.5"

  @Option(name: .customLong("class"), help: "Measure the map of the true class or of the predicted class.")
  var classRule: SegmentationProtocol.ClassRule = .truth

  @Option(
    help: ArgumentHelp(
      "Names of the masks' labels: one per line, counted from 1, or lines of LABEL NAME.", valueName: "file"))
  var names: String?

  func validate() throws {
    if MapThreshold(threshold) == nil { throw ValidationError("--threshold must be a number from 0 to 1, or mean.") }
  }

  func run() throws {
    var problems = options.problems()
    let scenes = options.data.appendingPathComponent(SceneFolder.fileName)
    let data =
      if options.data.lowercased().hasSuffix(".mat") {
        try MaskedPictures(mat: options.data) { try problems.add($0, $1) }
      } else if FileManager.default.fileExists(atPath: scenes) {
        MaskedPictures(try SceneFolder(URL(filePath: options.data, directoryHint: .isDirectory)), minObjects: 1)
      } else {
        try MaskedPictures(folder: options.data, names: names) { try problems.add($0, $1) }
      }
    let threshold = MapThreshold(threshold) ?? .value(0.5)
    try options.evaluate(
      SegmentationProtocol(data, threshold: threshold, classRule: classRule), problems: problems)
  }
}

extension SegmentationProtocol.ClassRule: ExpressibleByArgument {}
