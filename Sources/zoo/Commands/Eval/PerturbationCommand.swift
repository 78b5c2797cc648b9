import ArgumentParser
import ZooEvaluate

struct PerturbationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perturbation",
    abstract: "Accuracy while the pixels that a map ranks highest, or lowest, are blacked out.",
    discussion: """
      Positive: the highest pixels first; a lower area under the accuracy curve is better. Negative: the lowest first; higher is better. \
      The data is ImageNet's validation set: a folder for each class (n01440764), pictures with LOC_val_solution.csv, or pictures with the \
      devkit's ILSVRC2012_validation_ground_truth.txt or TensorFlow's imagenet_2012_validation_synset_labels.txt.
      """)

  @OptionGroup var options: EvaluationOptions

  @Option(
    help: ArgumentHelp(
      "Class names: a CSV with wnid and name, or LOC_synset_mapping.txt; by default OpenAI's names of ImageNet's 1000 classes.",
      valueName: "file"))
  var names: String?

  func run() throws {
    var problems = options.problems()
    let names = try names.map { try ClassNames(file: $0) } ?? .builtIn()
    let data = try ClassifiedPictures(imageNet: options.data, names: names) {
      try problems.add($0, $1)
    }
    try options.evaluate(PerturbationProtocol(data), problems: problems)
  }
}
