import ZooCheckpoints
import ZooModels

/// A checkpoint, what it was found to be, and the plan that makes it a converted model: three things that belong together.
///
/// It is made from the headers alone; nothing is written before `write`.
public struct Conversion: Sendable {
  /// Where the tensors come from.
  public let checkpoint: Checkpoint
  /// What the checkpoint was found to be.
  public let model: IdentifiedModel
  /// What goes where, and in `problems` why it cannot be carried out, if so.
  public let plan: ConversionPlan

  /// Finds out what a checkpoint is, and plans.
  ///
  /// - Parameters:
  ///   - options: What the caller knows of it.
  ///   - registry: The architectures and tags to choose from.
  ///   - dtype: The element type of the weights to be written.
  /// - Throws: `ConvertError` where it is not certain what the checkpoint is, and `CheckpointError`.
  public init(
    _ checkpoint: Checkpoint, options: ConversionOptions = ConversionOptions(), registry: Registry,
    dtype: TargetDType = .keep
  ) throws {
    let model = try identify(checkpoint, options: options, registry: registry)
    let plan = makePlan(model.layout, model.architecture, Headers(checkpoint), dtype: dtype)
    self.init(checkpoint: checkpoint, model: model, plan: plan)
  }

  /// Opens a file, an index of shards or a folder, finds out what it is, and plans.
  ///
  /// - Parameters:
  ///   - path: As the user named it; errors repeat it.
  ///   - part: What to read of a file that holds several models.
  ///   - text: A checkpoint whose text tower takes the place of the file's own, or joins it.
  package init(
    opening path: String, part: String? = nil, text: String? = nil, options: ConversionOptions = ConversionOptions(),
    registry: Registry, dtype: TargetDType = .keep
  ) throws {
    try self.init(
      Checkpoint.open(path, part: part), text: text.map { try Checkpoint.open($0) }, options: options,
      registry: registry, dtype: dtype)
  }

  /// The same for checkpoints that are open.
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
