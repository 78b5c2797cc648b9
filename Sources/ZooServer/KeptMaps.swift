import Synchronization
import ZooExplain

/// The maps that were computed earlier from a picture's pass, so that a repeated prompt costs nothing.
final class KeptMaps: Sendable {
  private struct Key: Hashable {
    let method: HeatmapMethod
    let prompt: String
  }

  private let maps = Mutex<Recent<Key, Heatmap>>(Recent())
  private static let bytes = 32 << 20

  /// The maps for each way, `[ways][prompts]`; only missing ones are computed.
  ///
  /// - Parameter step: Called before each block of a backward pass; throwing ends the work.
  func maps(
    of pass: KeptPass, _ ways: [(explainer: Explainer, prompts: PreparedPrompts)], step: () throws -> Void
  ) throws -> [[Heatmap]] {
    var found = ways.map { way in
      // A map that depends on all prompts of a request differs for other prompts, and needs all of them.
      way.prompts.prompts.map { prompt in
        way.explainer.method.base.background == .prompts ? nil : known(way.explainer.method, prompt)
      }
    }
    // Ways that lack the same prompts share their work.
    let missing = Dictionary(grouping: ways.indices) { way in found[way].indices.filter { found[way][$0] == nil } }
    for (places, numbers) in missing where !places.isEmpty {
      let made = try Explainer.explain(
        pass, numbers.map { (ways[$0].explainer, ways[$0].prompts[places]) }, step: step)
      for (number, explanation) in zip(numbers, made) {
        for (place, result) in zip(places, explanation.prompts) {
          found[number][place] = result.heatmap
          keep(result.heatmap, ways[number].explainer.method, result.prompt)
        }
      }
    }
    return found.map { $0.compactMap(\.self) }
  }

  private func known(_ method: HeatmapMethod, _ prompt: String) -> Heatmap? {
    maps.withLock { $0.use(Key(method: method, prompt: prompt)) }
  }

  private func keep(_ map: Heatmap, _ method: HeatmapMethod, _ prompt: String) {
    let bytes = map.values.count * (map.layers.count + 1) * 4
    maps.withLock { $0.add(map, Key(method: method, prompt: prompt), bytes: bytes, limit: Self.bytes) }
  }
}
