import Foundation
import ZooCheckpoints
import ZooModels
import ZooText

/// What a checkpoint was identified as, with everything that its tensors do not tell.
public struct IdentifiedModel: Sendable {
  /// How its tensors are named and stored.
  public let layout: CheckpointLayout
  /// The architecture, with the activations that the weights were trained with.
  public var architecture: Architecture
  /// The tag that it will have in the model store, such as `laion2b_s32b_b79k`.
  public var tag: String
  /// Nil for a text tower alone.
  public var preprocessing: Preprocessing?
  package var tokenizerFiles: [TokenizerFile]
  /// The class names of a classifier, by index.
  public var labels: [String]?
  /// What was decided and why, in full sentences; conflicts name both values and the one that won.
  public var notes: [String]

  /// `ARCHITECTURE:TAG`.
  public var name: ModelName { ModelName(architecture: architecture.name, tag: tag) }
}

/// A file that a model's tokenizer reads.
package enum TokenizerFile: Sendable, Hashable {
  case path(String)
  /// CLIP's vocabulary, which is built in: checkpoints come without it.
  case clipVocabulary

  /// The name in the model's folder.
  package var name: String {
    switch self {
    case .path(let path): splitPath(path).name
    case .clipVocabulary: CLIPVocabularyFile.name
    }
  }

  /// Nil if the file cannot be read.
  var contents: Data? {
    switch self {
    case .path(let path): try? readFile(path, limit: Limits.tokenizerBytes)
    case .clipVocabulary: CLIPVocabularyFile.data
    }
  }
}
