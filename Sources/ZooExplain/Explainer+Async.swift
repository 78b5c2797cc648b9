import ZooImages
import ZooRuntime
import ZooTensors

extension Explainer {
  /// How many pictures share a pass.
  private static let together = 4

  /// Explains one picture as the model's own preprocessing shows it, away from the caller's thread.
  ///
  /// Cancelling the task ends the work after the block of the tower at hand.
  ///
  /// - Parameter progress: Called with the share of the image tower's blocks that have run, from 0 to 1.
  public func explain(
    _ picture: Picture, prompts: [String], progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Explanation {
    try await Background.run(on: Background.compute) { check in
      let prepared = try prepare(prompts), blocks = try model.vision.blocks.count
      var done = 0
      let explanation = try explain([picture], prepared) {
        try check()
        // Some methods go back through the blocks after that.
        if done < blocks { progress(Double(done) / Double(blocks)) }
        done += 1
      }
      progress(1)
      return explanation[0]
    }
  }

  /// Explains pictures with the same prompts, a few in a pass, away from the caller's thread.
  ///
  /// Cancelling the task ends the work after the block of the tower at hand.
  ///
  /// - Parameter progress: Called with the count of pictures that are done.
  public func explain(
    _ pictures: [Picture], prompts: [String], progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [Explanation] {
    let prepared = try await Background.run(on: Background.compute) { _ in try prepare(prompts) }
    return try await Background.inBatches(of: Self.together, pictures, progress: progress) { some, check in
      try explain(some, prepared, step: check)
    }
  }

  /// - Parameter step: Called before each block; what it throws ends the work.
  func explain(
    _ pictures: [Picture], _ prompts: PreparedPrompts, step: () throws -> Void
  ) throws -> [Explanation] {
    let loader = PictureLoader(preprocessing: try model.preprocessing)
    let loaded = pictures.map(loader.load)
    let explained = try Self.explain(loaded.map(\.input.tensor), [(self, prompts)], step: step)[0]
    return zip(explained, loaded).map { $0.showing($1) }
  }
}
