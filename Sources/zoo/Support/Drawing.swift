import Foundation
import ZooDrawing
import ZooExplain
import ZooImages
import ZooModels
import ZooTensors

/// The drawings for one explained picture.
struct Drawing {
  let title: String
  /// Facts about the run that sheets show: see `SheetFacts`.
  let facts: [String]
  let loaded: LoadedPicture
  /// The whole picture, if results are drawn on it.
  var original: Picture?
  let scores: [PromptReport]
  let methods: [MethodMaps]
  let options: DrawingOptions

  /// The values that become 0 and 1 in a map.
  private func range(_ method: Int, _ prompt: Int) -> ClosedRange<Float> {
    sharedRange(method) ?? methods[method].maps[prompt].range
  }

  /// The range that all maps of a method share; nil if each is scaled on its own.
  private func sharedRange(_ method: Int) -> ClosedRange<Float>? {
    options.scale == .shared ? union(methods[method].maps.map(\.range)) : nil
  }

  /// What the model sees.
  var picture: Picture { loaded.input.picture }

  /// A map from 0 to 1 in pixels that the model sees.
  private func heat(_ method: Int, _ prompt: Int) -> [Float] {
    methods[method].maps[prompt].pixels(in: range(method, prompt))
  }

  /// A method's map of a prompt over what the model sees, with an outline around the part above the threshold.
  func overlay(_ method: Int, _ prompt: Int) -> Picture {
    let heat = heat(method, prompt), image = overlay(heat)
    return options.threshold.map { threshold in image.outlined(heat.map { $0 > threshold }) } ?? image
  }

  /// The map on the whole picture.
  func placed(_ method: Int, _ prompt: Int) -> PlacedMap {
    let input = GridSize(height: loaded.input.tensor.height, width: loaded.input.tensor.width)
    return methods[method].maps[prompt].placed(on: loaded.source, input: input, in: range(method, prompt))
  }

  /// `overlay`, or the same on the whole picture.
  func figure(_ method: Int, _ prompt: Int) -> Picture {
    guard let original else { return overlay(method, prompt) }
    let map = placed(method, prompt)
    guard !map.values.isEmpty else { return original.convertedToRGB() }
    let part = ZooImages.overlay(
      map.values, on: original.cropped(rows: map.rows, columns: map.columns), colorMap: options.colorMap,
      alpha: options.alpha)
    let whole = original.replacing(rows: map.rows, columns: map.columns, with: part)
    return options.threshold.map { whole.outlined(map.mask(above: $0)) } ?? whole
  }

  /// The map alone, on the same pixels as `figure`.
  func transparentMap(_ method: Int, _ prompt: Int) -> Picture {
    let map = original.map { _ in placed(method, prompt) }, size = map?.size ?? methods[method].maps[prompt].pictureSize
    return transparent(
      map?.whole() ?? heat(method, prompt), height: size.height, width: size.width, colorMap: options.colorMap)
  }

  /// The part above a threshold, on the same pixels as `figure`.
  func mask(_ method: Int, _ prompt: Int, above threshold: Float) -> Picture {
    let map = original.map { _ in placed(method, prompt) }, size = map?.size ?? methods[method].maps[prompt].pictureSize
    return maskPicture(
      map?.mask(above: threshold) ?? heat(method, prompt).map { $0 > threshold }, height: size.height,
      width: size.width)
  }

  /// The picture, then each prompt with its similarity; or a section for each prompt with all methods.
  func sheet() -> Sheet { methods.count == 1 ? promptSheet() : methodSheet() }

  private func promptSheet() -> Sheet {
    let tiles = scores.indices.map { prompt in
      var tile = Sheet.Tile(
        overlay(0, prompt), caption: scores[prompt].prompt, details: [similarity(prompt), energy(0, prompt)],
        badges: scores[prompt].badges)
      tile.words = scores[prompt].sheetWords
      return tile
    }
    return sheet(
      [.init(tiles: [pictureTile] + tiles)], columns: tiles.count < 6 ? tiles.count + 1 : 4, tileSize: 288,
      legend: legend(sharedRange(0)))
  }

  private func methodSheet() -> Sheet {
    let sections = scores.indices.map { prompt in
      let tiles = methods.indices.map { method in
        Sheet.Tile(
          overlay(method, prompt), caption: methods[method].method.displayName, details: [energy(method, prompt)],
          badges: methods[method].maps[prompt].isFlat ? [PromptReport.flatBadge] : [])
      }
      return section(
        prompt, [similarity(prompt)], badges: scores[prompt].absent ? [PromptReport.absentBadge] : [],
        tiles: [pictureTile] + tiles)
    }
    let columns = methods.count < 6 ? methods.count + 1 : 6
    return sheet(
      sections, columns: columns, tileSize: columns > 4 ? 208 : 288,
      legend: legend(
        nil, note: options.scale == .shared ? "maps of one method share a scale" : "each map is scaled alone"))
  }

  /// A section for each prompt, with the sum and the map of every layer.
  func layerSheet(_ method: Int) -> Sheet {
    let maps = methods[method].maps
    let all = maps.flatMap { map in map.layers.indices.map { map.range(ofLayer: $0) } }
    let layerRange = options.scale == .shared ? union(all) : nil
    let sections = maps.enumerated().map { prompt, map in
      let layers = map.layers.indices.map {
        Sheet.Tile(
          overlay(map.pixels(ofLayer: $0, in: layerRange ?? map.range(ofLayer: $0))),
          caption: "layer \(map.layers[$0])")
      }
      return section(
        prompt, ["\(similarity(prompt)), \(energy(method, prompt))"], badges: scores[prompt].badges,
        tiles: [Sheet.Tile(overlay(method, prompt), caption: "sum of \(map.layers.count) layers")] + layers)
    }
    return sheet(sections, columns: 7, tileSize: 160, legend: legend(layerRange))
  }

  private func section(
    _ prompt: Int, _ details: [String], badges: [String], tiles: [Sheet.Tile]
  ) -> Sheet.Section {
    var section = Sheet.Section(heading: scores[prompt].prompt, details: details, badges: badges, tiles: tiles)
    section.words = scores[prompt].sheetWords
    return section
  }

  private func sheet(_ sections: [Sheet.Section], columns: Int, tileSize: Int, legend: Sheet.Legend) -> Sheet {
    Sheet(
      title: title, facts: facts, sections: sections, columns: columns, tileSize: options.tile ?? tileSize,
      legend: legend)
  }

  private var pictureTile: Sheet.Tile {
    Sheet.Tile(covered, caption: "picture", details: ["seen at \(picture.width)x\(picture.height)"])
  }

  private func similarity(_ prompt: Int) -> String { formatted("similarity %.3f", scores[prompt].similarity) }

  func energy(_ method: Int, _ prompt: Int) -> String {
    formatted("energy %.2g", methods[method].maps[prompt].energy)
  }

  /// The legend for all pictures of a report.
  var reportLegend: Sheet.Legend {
    legend(
      nil, note: options.scale == .shared ? "maps of one method and picture share a scale" : "each map is scaled alone")
  }

  /// - Parameter range: The range that all maps share.
  private func legend(_ range: ClosedRange<Float>?, note: String? = nil) -> Sheet.Legend {
    guard let range else {
      return .alone(options.colorMap, alpha: options.alpha, note: note)
    }
    return Sheet.Legend(
      options.colorMap, alpha: options.alpha, low: formatted("%.2g", range.lowerBound),
      high: formatted("%.2g", range.upperBound), note: "all maps share one scale")
  }

  /// The part of the picture that the patches cover.
  var covered: Picture {
    guard let size = methods.first?.maps.first?.pictureSize else { return picture }
    return picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
  }

  private func overlay(_ heat: [Float]) -> Picture {
    ZooImages.overlay(heat, on: covered, colorMap: options.colorMap, alpha: options.alpha)
  }
}

/// The smallest range that contains all ranges.
private func union(_ ranges: [ClosedRange<Float>]) -> ClosedRange<Float>? {
  guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else { return nil }
  return low...high
}

extension PromptReport {
  static let absentBadge = "absent", flatBadge = "flat map"

  /// The strip of words.
  var sheetWords: [Sheet.Word] { words?.map { Sheet.Word($0.text, share: $0.share) } ?? [] }

  /// Badges for facts that must not be overlooked.
  var badges: [String] { (absent ? [Self.absentBadge] : []) + (flat == true ? [Self.flatBadge] : []) }
}

extension Sheet.Legend {
  /// The legend for maps that do not share a scale.
  static func alone(_ colors: ColorMap, alpha: Double, note: String? = nil) -> Sheet.Legend {
    Sheet.Legend(colors, alpha: alpha, low: "minimum", high: "maximum", note: note ?? "each map is scaled alone")
  }
}
