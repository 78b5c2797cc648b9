import ZooExplain
import ZooImages
import ZooRuntime

/// Ways to explain that differ in their layers and corrections only: each picture goes through the model once for all.
struct SharedPasses {
  private let explainer: Explainer
  private let prompts: PreparedPrompts
  private let rows: [Row]

  private struct Row {
    /// The place of the row's result.
    let index: Int
    let layers: Range<Int>
    let correction: Correction?
    /// The place of the correction's prompt among the prompts.
    let empty: Int
  }

  /// Groups what can be shared. `prompts` are all that pictures will be explained with.
  static func groups(_ explainers: [Explainer], prompts: [String]) throws -> [SharedPasses] {
    struct Key: Hashable {
      let variant: LeGrad.Variant
      let score: LeGrad.Score?
      let negatives: [String]
    }
    let keys = explainers.map {
      Key(variant: $0.method.variant, score: $0.method.score, negatives: $0.negatives)
    }
    return try Dictionary(grouping: explainers.indices) { keys[$0] }.values.map { members in
      try SharedPasses(members.map { ($0, explainers[$0]) }, prompts: prompts)
    }
  }

  private init(_ members: [(index: Int, explainer: Explainer)], prompts: [String]) throws {
    var shared = members[0].explainer
    let count = try shared.model.vision.tower.blocks.layers
    let layers = try members.map { try $0.explainer.method.layers.layers(of: count) }
    let first = layers.map(\.lowerBound).min() ?? 0, last = layers.map(\.upperBound).max() ?? count
    shared.method.layers = .range(first...last - 1)
    shared.correction = nil
    // What corrections ask for are prompts like the others here.
    let empty = Array(Set(members.compactMap { $0.explainer.correction?.prompt })).sorted()
    explainer = shared
    self.prompts = try shared.prepare(prompts + empty)
    rows = zip(members, layers).map { member, layers in
      let correction = member.explainer.correction
      let place = correction.flatMap { empty.firstIndex(of: $0.prompt) } ?? 0
      return Row(index: member.index, layers: layers, correction: correction, empty: prompts.count + place)
    }
  }

  /// The maps of some prompts on one picture, for each row.
  func explain(_ picture: PixelTensor, prompts places: [Int]) throws -> [(index: Int, maps: [Heatmap])] {
    let empty = Array(Set(rows.filter { $0.correction != nil }.map(\.empty))).sorted()
    let maps = try explainer.explain([picture], prompts[places + empty])[0].prompts.map(\.heatmap)
    return rows.map { row in
      var own = maps.prefix(places.count).map { $0.restricted(to: row.layers) }
      if let correction = row.correction, let place = empty.firstIndex(of: row.empty) {
        let emptyMap = maps[places.count + place].restricted(to: row.layers)
        for index in own.indices { correction.apply(to: &own[index], empty: emptyMap) }
      }
      return (row.index, own)
    }
  }
}
