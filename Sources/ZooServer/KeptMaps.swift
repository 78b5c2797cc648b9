import Synchronization
import ZooExplain

/// The maps of a picture's pass that were made before, so that a prompt that comes again costs nothing.
final class KeptMaps: Sendable {
  private struct Key: Hashable {
    let method: HeatmapMethod
    let prompt: String
  }

  private let maps = Mutex<Recent<Key, Heatmap>>(Recent())
  private static let bytes = 32 << 20

  /// The maps of each way, `[ways][prompts]`; only those are made that are not there yet.
  ///
  /// - Parameter step: called before each block of a way back; what it throws ends the work.
  func maps(
    of pass: KeptPass, _ ways: [(explainer: Explainer, prompts: PreparedPrompts)], step: () throws -> Void
  ) throws -> [[Heatmap]] {
    var found = ways.map { way in
      // What is compared with all prompts of a request is another map for other prompts, and needs all of them.
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
