import Foundation
import ZooCheckpoints
import ZooModels
import ZooText

/// What a checkpoint is, with everything that its tensors cannot say.
public struct IdentifiedModel: Sendable {
  /// How its tensors are named and stored.
  public let layout: CheckpointLayout
  /// With the activations that the weights were trained with.
  public var architecture: Architecture
  /// The tag that it will have in the zoo, such as `laion2b_s32b_b79k`.
  public var tag: String
  /// Nil for a text tower alone.
  public var preprocessing: Preprocessing?
  package var tokenizerFiles: [TokenizerFile]
  /// Names of the classes of a classifier, by index.
  public var labels: [String]?
  /// What was decided and why, in whole sentences; conflicts name both values and what won.
  public var notes: [String]

  /// `ARCHITECTURE:TAG`.
  public var name: ModelName { ModelName(architecture: architecture.name, tag: tag) }
}

/// A file that a model's tokenizer reads.
package enum TokenizerFile: Sendable, Hashable {
  case path(String)
  /// CLIP's vocabulary, which this build carries: checkpoints come without it.
  case clipVocabulary

  /// The name in the model's directory.
  package var name: String {
    switch self {
    case .path(let path): splitPath(path).name
    case .clipVocabulary: CLIPVocabularyFile.name
    }
  }

  /// Nil where the file cannot be read.
  var contents: Data? {
    switch self {
    case .path(let path): try? readFile(path, limit: Limits.tokenizerBytes)
    case .clipVocabulary: CLIPVocabularyFile.data
    }
  }
}
