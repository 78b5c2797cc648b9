import ZooCheckpoints
import ZooModels

/// A checkpoint, the model it was identified as, and the plan that converts it.
///
/// Made from the headers alone; nothing is written before `write`.
public struct Conversion: Sendable {
  /// Where the tensors come from.
  public let checkpoint: Checkpoint
  /// The model that the checkpoint was identified as.
  public let model: IdentifiedModel
  /// Where each tensor comes from and, in `problems`, why the plan cannot be carried out, if so.
  public let plan: ConversionPlan

  /// Identifies a checkpoint and plans its conversion.
  ///
  /// - Parameters:
  ///   - options: What the caller knows about it.
  ///   - registry: The architectures and tags to choose from.
  ///   - dtype: The element type of the weights to be written.
  /// - Throws: `ConvertError` if the checkpoint cannot be identified with certainty, and `CheckpointError`.
  public init(
    _ checkpoint: Checkpoint, options: ConversionOptions = ConversionOptions(), registry: Registry,
    dtype: TargetDType = .keep
  ) throws {
    let model = try identify(checkpoint, options: options, registry: registry)
    let plan = makePlan(model.layout, model.architecture, Headers(checkpoint), dtype: dtype)
    self.init(checkpoint: checkpoint, model: model, plan: plan)
  }

  /// Opens a file, an index of shards or a folder, identifies it and plans its conversion.
  ///
  /// - Parameters:
  ///   - path: The path as the user typed it; errors repeat it.
  ///   - part: The part to read of a file that holds several models.
  ///   - text: A checkpoint whose text tower replaces the file's own, or is joined to it.
  package init(
    opening path: String, part: String? = nil, text: String? = nil, options: ConversionOptions = ConversionOptions(),
    registry: Registry, dtype: TargetDType = .keep
  ) throws {
    try self.init(
      Checkpoint.open(path, part: part), text: text.map { try Checkpoint.open($0) }, options: options,
      registry: registry, dtype: dtype)
  }

  /// The same for open checkpoints.
  package init(
    _ checkpoint: Checkpoint, text: Checkpoint?, options: ConversionOptions, registry: Registry, dtype: TargetDType
  ) throws {
    if let text {
      try self.init(joining: checkpoint, with: text, options: options, registry: registry, dtype: dtype)
    } else {
      try self.init(checkpoint, options: options, registry: registry, dtype: dtype)
    }
  }

  package init(checkpoint: Checkpoint, model: IdentifiedModel, plan: ConversionPlan) {
    (self.checkpoint, self.model, self.plan) = (checkpoint, model, plan)
  }

  /// - Throws: `ConvertError.problems`.
  func checkPlan() throws {
    guard plan.problems.isEmpty else {
      throw ConvertError.problems(
        path: checkpoint.path, architecture: model.architecture.name, problems: plan.problems)
    }
  }
}
