import ZooExplain
import ZooImages
import ZooRuntime

/// How far an evaluation is.
public struct EvaluationProgress: Sendable, Hashable {
  /// What is under way.
  public enum Phase: String, Sendable {
    /// Directions are computed for the names of the classes.
    case preparing
    /// Maps are computed and measured.
    case measuring
  }

  /// What is under way.
  public let phase: Phase
  /// Classes or samples.
  public let done: Int
  /// Classes or samples in all.
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
  /// Measures maps on all samples, away from the caller's thread.
  ///
  /// Cancelling the task ends the work after the block of the tower at hand. Throws an `EvaluateError` where there is nothing to measure or a
  /// sample cannot be read.
  ///
  /// - Parameters:
  ///   - explainers: The ways to explain that are compared, all of one model; the first is what the others are held to.
  ///   - templates: What names of classes are put into, at `{}`; of several, the mean direction is taken.
  ///   - progress: Called on the thread that works.
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
    guard let model = explainers.first?.model, !samples.isEmpty else { throw EvaluateError.nothing(data: Self.name) }
    guard explainers.allSatisfy({ $0.model === model }) else { throw EvaluateError.severalModels }
    let templates = try PromptTemplates.expand(templates.isEmpty ? PromptTemplates.plain : templates)
    return try await Background.run { check in
      let heads = try explainers.map { explainer in
        try explainer.head(classes, templates: templates, areImageNets: hasImageNetsClasses) { done in
          try check()
          progress(EvaluationProgress(phase: .preparing, done: done, total: classes.count))
        }
      }
      let desk = EvaluationDesk(explainers, heads: heads, step: check)
      let run = EvaluationRun(self, at: desk, loader: PictureLoader(preprocessing: try model.preprocessing))
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
}
