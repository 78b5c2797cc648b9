import ZooModels
import ZooText

extension PretrainedWeights {
  /// The names of a classifier's classes, where they come with the build.
  var classNames: [String]? {
    switch classes {
    case .imageNet1k: (try? imageNetNames()).map { $0.prefix(imageNetClassCount).map(\.name) }
    case nil: nil
    }
  }
}
