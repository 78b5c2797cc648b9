import ZooTensors

/// The empty-prompt correction (the paper's annex 9.4): the map is set to 0 where a prompt that names nothing is most active.
public struct Correction: Sendable, Hashable {
  /// A prompt that names nothing.
  public var prompt: String
  /// Positions at which the empty prompt's map, scaled to 0...1, is above this are set to 0.
  public var threshold: Float

  /// Uses the authors' prompt and threshold by default.
  public init(prompt: String = Correction.emptyPrompt, threshold: Float = 0.8) {
    self.prompt = prompt
    self.threshold = threshold
  }

  /// The prompt in the authors' code; the paper writes "a photo of".
  public static let emptyPrompt = "a photo of a"

  /// Sets `map` to 0 wherever the empty prompt's map is high.
  package func apply(to map: inout Heatmap, empty: Heatmap) {
    for (index, value) in minMax(empty.values).enumerated() where value > threshold { map.values[index] = 0 }
  }
}
