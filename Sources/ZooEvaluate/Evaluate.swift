import ZooExplain
import ZooImages
import ZooRuntime

/// The progress of an evaluation.
public struct EvaluationProgress: Sendable, Hashable {
  /// The current phase.
  public enum Phase: String, Sendable {
    /// The directions of the class names are computed.
    case preparing
    /// Maps are computed and measured.
    case measuring
  }

  /// The current phase.
  public let phase: Phase
  /// The number of classes or samples done.
  public let done: Int
  /// The total number of classes or samples.
  public let total: Int
}

extension PointingProtocol {
  /// Measures maps on all samples: see `SegmentationProtocol.evaluate`.
  public func evaluate(
    _ explainers: [Explainer], templates: [String] = PromptTemplates.plain,
    progress: @escaping @Sendable (EvaluationProgress) -> Void = { _ in }
  ) async throws -> EvaluationTable { try await table(explainers, templates, progress) }
}

extension SegmentationProtocol {
  /// Measures maps on all samples without blocking the caller's thread.
  ///
  /// Cancelling the task ends the work after the current block of the tower. Throws an `EvaluateError` if there is nothing to measure or a sample
  /// cannot be read.
  ///
  /// - Parameters:
  ///   - explainers: The explainers to compare, all of one model; differences are relative to the first.
  ///   - templates: Prompt templates into which class names are inserted at `{}`; for several, the mean direction is used.
  ///   - progress: Called on the working thread.
  public func evaluate(
    _ explainers: [Explainer], templates: [String] = PromptTemplates.plain,
    progress: @escaping @Sendable (EvaluationProgress) -> Void = { _ in }
  ) async throws -> EvaluationTable { try await table(explainers, templates, progress) }
}

extension PointsProtocol {
  /// Measures maps on all samples: see `SegmentationProtocol.evaluate`.
  public func evaluate(
    _ explainers: [Explainer], templates: [String] = PromptTemplates.plain,
    progress: @escaping @Sendable (EvaluationProgress) -> Void = { _ in }
  ) async throws -> EvaluationTable { try await table(explainers, templates, progress) }
}

extension PerturbationProtocol {
  /// Measures maps on all samples: see `SegmentationProtocol.evaluate`.
  public func evaluate(
    _ explainers: [Explainer], templates: [String] = PromptTemplates.plain,
    progress: @escaping @Sendable (EvaluationProgress) -> Void = { _ in }
  ) async throws -> EvaluationTable { try await table(explainers, templates, progress) }
}

extension EvaluationProtocol {
  fileprivate func table(
    _ explainers: [Explainer], _ templates: [String], _ progress: @escaping @Sendable (EvaluationProgress) -> Void
  ) async throws -> EvaluationTable {
    try await Background.run { check in try table(explainers, templates, check: check, progress) }
  }

  /// Measures maps on all samples on this thread.
  ///
  /// - Parameters:
  ///   - loader: By default as the model asks for.
  ///   - check: Called between blocks and samples; throwing ends the work.
  package func table(
    _ explainers: [Explainer], _ templates: [String], loader: PictureLoader? = nil,
    check: @escaping @Sendable () throws -> Void = {}, _ progress: (EvaluationProgress) -> Void
  ) throws -> EvaluationTable {
    guard let model = explainers.first?.model, !samples.isEmpty else { throw EvaluateError.nothing(data: Self.name) }
    guard explainers.allSatisfy({ $0.model === model }) else { throw EvaluateError.severalModels }
    let templates = try PromptTemplates.expand(templates.isEmpty ? PromptTemplates.plain : templates)
    let heads = try explainers.map { explainer in
      try explainer.head(classes, templates: templates, areImageNets: hasImageNetsClasses) { done in
        try check()
        progress(EvaluationProgress(phase: .preparing, done: done, total: classes.count))
      }
    }
    let desk = EvaluationDesk(explainers, heads: heads, step: check)
    let run = EvaluationRun(
      self, at: desk, loader: try loader ?? PictureLoader(preprocessing: try model.preprocessing))
    var results: [SampleResult] = []
    try run.measure(Array(samples.indices)) { result in
      try check()
      results.append(result)
      progress(EvaluationProgress(phase: .measuring, done: results.count, total: samples.count))
    }
    return try EvaluationTable(Self.self, methods: explainers.map(\.method.displayName)) { add in
      try results.forEach(add)
    }
  }
}
