import ZooImages
import ZooRuntime
import ZooTensors

extension Explainer {
  /// The number of pictures that share a pass.
  private static let together = 4

  /// Explains one picture with the model's own preprocessing, without blocking the caller's thread.
  ///
  /// Cancelling the task ends the work after the current block of the tower.
  ///
  /// - Parameter progress: Called with the fraction of the image tower's blocks that have run, from 0 to 1.
  public func explain(
    _ picture: Picture, prompts: [String], progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Explanation {
    try await Background.run(on: Background.compute) { check in
      let prepared = try prepare(prompts), blocks = try model.vision.blocks.count
      var done = 0
      let explanation = try explain([picture], prepared) {
        try check()
        // Some methods go backwards through the blocks afterwards.
        if done < blocks { progress(Double(done) / Double(blocks)) }
        done += 1
      }
      progress(1)
      return explanation[0]
    }
  }

  /// Explains pictures with the same prompts, a few in a pass, without blocking the caller's thread.
  ///
  /// Cancelling the task ends the work after the current block of the tower.
  ///
  /// - Parameter progress: Called with the number of pictures that are done.
  public func explain(
    _ pictures: [Picture], prompts: [String], progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [Explanation] {
    let prepared = try await Background.run(on: Background.compute) { _ in try prepare(prompts) }
    return try await Background.inBatches(of: Self.together, pictures, progress: progress) { some, check in
      try explain(some, prepared, step: check)
    }
  }

  /// - Parameter step: Called before each block; throwing ends the work.
  func explain(
    _ pictures: [Picture], _ prompts: PreparedPrompts, step: () throws -> Void
  ) throws -> [Explanation] {
    let loader = PictureLoader(preprocessing: try model.preprocessing)
    let loaded = pictures.map(loader.load)
    let explained = try Self.explain(loaded.map(\.input.tensor), [(self, prompts)], step: step)[0]
    return zip(explained, loaded).map { $0.showing($1) }
  }
}
