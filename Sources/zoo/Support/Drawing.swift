import Foundation
import ZooDrawing
import ZooExplain
import ZooImages

/// The pictures of one explained image.
struct Drawing {
  let title: String
  /// What sheets say of the run: see `SheetFacts`.
  let facts: [String]
  /// What the model sees.
  let picture: Image
  let scores: [PromptReport]
  let heatmaps: [Heatmap]
  let options: DrawingOptions
  /// The values of the maps that become 0 and 1, where all share them.
  private let sharedRange: ClosedRange<Float>?

  init(
    title: String, facts: [String], picture: Image, scores: [PromptReport], heatmaps: [Heatmap],
    options: DrawingOptions
  ) {
    (self.title, self.facts, self.picture) = (title, facts, picture)
    (self.scores, self.heatmaps, self.options) = (scores, heatmaps, options)
    sharedRange = options.scale == .shared ? union(heatmaps.map(\.range)) : nil
  }

  /// A map from 0 to 1 on the pixels.
  func map(_ index: Int) -> [Float] { heatmaps[index].picture(in: sharedRange ?? heatmaps[index].range) }

  /// The heat map of a prompt over the picture.
  func overlay(_ index: Int) -> Image { overlay(map(index)) }

  /// The picture, then each prompt with its similarity.
  func sheet() -> Sheet {
    let tiles = heatmaps.indices.map { index in
      Sheet.Tile(
        overlay(index), caption: scores[index].prompt, details: [similarity(index), energy(index)],
        badges: scores[index].badges)
    }
    return Sheet(
      title: title, facts: facts, sections: [.init(tiles: [original] + tiles)],
      columns: tiles.count < 6 ? tiles.count + 1 : 4, tileSize: options.tile ?? 288, legend: legend(sharedRange))
  }

  /// A section for each prompt with the sum and the map of every layer.
  func layerSheet() -> Sheet {
    let all = heatmaps.flatMap { map in map.layers.indices.map { map.range(ofLayer: $0) } }
    let layerRange = options.scale == .shared ? union(all) : nil
    let sections = heatmaps.enumerated().map { index, map in
      let layers = map.layers.indices.map {
        Sheet.Tile(
          overlay(map.picture(ofLayer: $0, in: layerRange ?? map.range(ofLayer: $0))),
          caption: "layer \(map.layers[$0])")
      }
      return Sheet.Section(
        heading: scores[index].prompt, details: ["\(similarity(index)), \(energy(index))"],
        badges: scores[index].badges,
        tiles: [Sheet.Tile(overlay(index), caption: "sum of \(map.layers.count) layers")] + layers)
    }
    return Sheet(
      title: title, facts: facts, sections: sections, columns: 7, tileSize: options.tile ?? 160,
      legend: legend(layerRange))
  }

  private var original: Sheet.Tile {
    Sheet.Tile(covered, caption: "picture", details: ["seen at \(picture.width)x\(picture.height)"])
  }

  private func similarity(_ index: Int) -> String { String(format: "similarity %.3f", scores[index].similarity) }
  private func energy(_ index: Int) -> String { String(format: "energy %.2g", heatmaps[index].energy) }

  /// - Parameter range: what all maps share.
  private func legend(_ range: ClosedRange<Float>?) -> Sheet.Legend {
    guard let range else {
      return Sheet.Legend(
        options.colorMap, alpha: options.alpha, low: "minimum", high: "maximum", note: "each map is scaled alone")
    }
    return Sheet.Legend(
      options.colorMap, alpha: options.alpha, low: String(format: "%.2g", range.lowerBound),
      high: String(format: "%.2g", range.upperBound), note: "all maps share one scale")
  }

  /// The part of the picture that the patches cover.
  private var covered: Image {
    guard let size = heatmaps.first?.pictureSize else { return picture }
    return picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
  }

  private func overlay(_ heat: [Float]) -> Image {
    ZooImages.overlay(heat, on: covered, colorMap: options.colorMap, alpha: options.alpha)
  }
}

/// The smallest range that holds all.
private func union(_ ranges: [ClosedRange<Float>]) -> ClosedRange<Float>? {
  guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else { return nil }
  return low...high
}

extension PromptReport {
  /// What must not be overlooked.
  var badges: [String] { (absent ? ["absent"] : []) + (flat == true ? ["flat map"] : []) }
}
