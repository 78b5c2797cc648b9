import Synchronization
import ZooExplain

/// The maps of a picture's pass that were made before, so that a prompt that comes again costs nothing.
final class KeptMaps: Sendable {
  private struct Key: Hashable {
    let method: Method
    let prompt: String
  }

  private let maps = Mutex<Recent<Key, Heatmap>>(Recent())
  private static let bytes = 32 << 20

  /// The maps of each way, `[ways][prompts]`; only those of prompts that are new are made.
  func maps(
    of pass: KeptPass, _ ways: [(explainer: Explainer, prompts: PreparedPrompts)]
  ) throws -> [[Heatmap]] {
    let prompts = ways.first?.prompts.prompts ?? []
    // What is compared with all prompts of a request is another map for other prompts, and needs all of them.
    let compares = ways.contains { $0.explainer.method.base.background == .prompts }
    let places = prompts.indices.filter { place in
      compares || ways.contains { known($0.explainer.method, prompts[place]) == nil }
    }
    let made = places.isEmpty ? [] : try Explainer.explain(pass, ways.map { ($0.explainer, $0.prompts[places]) })
    return ways.enumerated().map { number, way in
      var fresh: [Int: Heatmap] = [:]
      for (place, result) in zip(places, made.isEmpty ? [] : made[number].prompts) {
        fresh[place] = result.heatmap
        keep(result.heatmap, way.explainer.method, prompts[place])
      }
      return prompts.indices.compactMap { fresh[$0] ?? known(way.explainer.method, prompts[$0]) }
    }
  }

  private func known(_ method: Method, _ prompt: String) -> Heatmap? {
    maps.withLock { $0.use(Key(method: method, prompt: prompt)) }
  }

  private func keep(_ map: Heatmap, _ method: Method, _ prompt: String) {
    let bytes = map.values.count * (map.layers.count + 1) * 4
    maps.withLock { _ = $0.add(map, Key(method: method, prompt: prompt), bytes: bytes, limit: Self.bytes) }
  }
}
