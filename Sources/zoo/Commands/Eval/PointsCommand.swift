import ArgumentParser
import ZooEvaluate

struct PointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "points", abstract: "OpenImages' labelled points: p-mIoU.",
    discussion: """
      In each picture, the map of each class that has a labelled point is compared with all points of that class. Pictures are found by name \
      anywhere below --data; so are the two tables, under the names that OpenImages or FiftyOne (labels/points.csv, \
      metadata/point_classes.csv) gives them, unless the options below name them.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(help: ArgumentHelp("The table of points, such as oidv7-val-annotations-point-labels.csv.", valueName: "csv"))
  var points: String?

  @Option(help: ArgumentHelp("The table of class names, such as oidv7-class-descriptions.csv.", valueName: "csv"))
  var descriptions: String?

  @Option(help: "A pixel counts as found if its value is above this, 0 to 1.")
  var threshold: Float = 0.5

  func run() throws {
    var problems = options.problems()
    let data = try PointedPictures(openImages: points, descriptions: descriptions, pictures: options.data) {
      try problems.add($0, $1)
    }
    try options.evaluate(PointsProtocol(data, threshold: threshold), problems: problems)
  }
}
