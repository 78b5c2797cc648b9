import ZooModels

/// What a checkpoint is, with everything that its tensors cannot say.
public struct IdentifiedModel: Sendable {
  public let layout: Layout
  /// With the activations that the weights were trained with.
  public var architecture: Architecture
  public var tag: String
  public var preprocessing: Preprocessing
  /// Paths of the tokenizer's files.
  public var tokenizerFiles: [String]
  /// Names of the classes of a classifier, by index.
  public var labels: [String]?
  /// What was decided and why, in whole sentences; conflicts name both values and what won.
  public var notes: [String]

  public var name: ModelName { ModelName(architecture: architecture.name, tag: tag) }
}
