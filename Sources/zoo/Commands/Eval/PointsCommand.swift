import ArgumentParser
import ZooEvaluate

struct PointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "points", abstract: "OpenImages' labelled points: p-mIoU.",
    discussion: """
      For each class with a point on it in a picture, its map is compared with all the class's points there. The pictures are searched for in \
      --data and all below it, by their names; so are the two tables, by the names that OpenImages or FiftyOne (labels/points.csv, \
      metadata/point_classes.csv) gives them, unless options say where they are.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(help: ArgumentHelp("oidv7-val-annotations-point-labels.csv or its like.", valueName: "csv"))
  var points: String?

  @Option(help: ArgumentHelp("oidv7-class-descriptions.csv: the classes' names.", valueName: "csv"))
  var descriptions: String?

  @Option(help: "Above which value a map says 'here', 0 to 1.")
  var threshold: Float = 0.5

  func run() throws {
    var problems = options.problems()
    let data = try PointedPictures(openImages: points, descriptions: descriptions, pictures: options.data) {
      try problems.add($0, $1)
    }
    try options.evaluate(PointsProtocol(data, threshold: threshold), problems: problems)
  }
}
