import ZooTensors

/// The empty-prompt correction (the paper's annex 9.4): where a prompt that names nothing lights up most, the map is set to 0.
public struct Correction: Sendable, Hashable {
  /// A prompt that names nothing.
  public var prompt: String
  /// Places where the empty prompt's map, scaled to 0...1, lies above this are set to 0.
  public var threshold: Float

  /// The authors' prompt and threshold, unless they are given.
  public init(prompt: String = Correction.emptyPrompt, threshold: Float = 0.8) {
    self.prompt = prompt
    self.threshold = threshold
  }

  /// What the authors' code takes; the paper writes "a photo of".
  public static let emptyPrompt = "a photo of a"

  /// Sets the places of `map` to 0 where the empty prompt's map is high.
  package func apply(to map: inout Heatmap, empty: Heatmap) {
    for (index, value) in minMax(empty.values).enumerated() where value > threshold { map.values[index] = 0 }
  }
}
