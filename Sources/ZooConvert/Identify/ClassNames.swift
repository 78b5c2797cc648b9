import ZooModels
import ZooText

extension PretrainedWeights {
  /// The class names of a classifier, if they are built in.
  var classNames: [String]? {
    switch classes {
    case .imageNet1k: (try? imageNetNames()).map { $0.prefix(imageNetClassCount).map(\.name) }
    case nil: nil
    }
  }
}
