import ArgumentParser
import Foundation
import ZooDrawing
import ZooExplain
import ZooImages

/// What is drawn for an explanation, and how.
struct DrawingOptions: ParsableArguments {
  @Option(help: "Colours of the map.")
  var colorMap: ColorMap = .jet

  @Option(help: "Opacity of the map in the overlay, 0 to 1.")
  var alpha = 0.6

  @Option(help: "own: each map has its own scale; shared: all maps of a picture by one method share one.")
  var scale: MapScale = .own

  @Flag(help: "Draw one sheet per picture: the picture, and the map and similarity of each prompt.")
  var grid = false

  @Flag(help: "Draw one sheet per picture with the map of every layer.")
  var layersGrid = false

  @Option(help: "File format of sheets; png by default.")
  var format: Sheet.Format?

  @Option(help: "Longer side of each picture on a sheet, in pixels; 288 by default, 160 for --layers-grid.")
  var tile: Int?

  @Flag(help: "Show how much each word of a prompt adds to its similarity, by CheferCAM on the text tower.")
  var words = false

  @Option(
    name: .customLong("overlay"),
    help:
      "What overlays, masks and maps are drawn on: seen, the part that the model sees, at its size; or original, the whole picture."
  )
  var ground: OverlayGround = .seen

  @Flag(help: "Do not write overlays, which are otherwise written whatever else is requested.")
  var noOverlays = false

  @Flag(help: "Also write each map alone as NAME.map.png, more transparent where it is colder.")
  var transparent = false

  @Option(
    help:
      "Write masks of what is above this share of the scale, 0 to 1, as NAME.mask.png, and outline them in overlays.")
  var threshold: Float?

  @Flag(
    help: """
      Write raw maps as .npy: [rows, columns] for each prompt, and [layers, rows, columns] if the map is a sum over layers; \
      with --overlay original also [height, width] of the picture, from 0 to 1, NaN where the model sees nothing.
      """)
  var npy = false

  func validate() throws {
    if !(0...1).contains(alpha) { throw ValidationError("--alpha must be between 0 and 1.") }
    if let threshold, !(0..<1).contains(threshold) {
      throw ValidationError("--threshold must be at least 0 and below 1.")
    }
    if let tile, !Sheet.tileSizes.contains(tile) {
      throw ValidationError(
        "--tile must be between \(Sheet.tileSizes.lowerBound) and \(Sheet.tileSizes.upperBound).")
    }
    if !drawsSheets, format != nil || tile != nil {
      throw ValidationError("--format and --tile are for sheets: add --grid or --layers-grid.")
    }
  }

  /// How a report describes the colours.
  var colors: String { "\(colorMap.rawValue), alpha \(alpha), scale \(scale.rawValue)" }

  var overlays: Bool { !noOverlays }
  var drawsSheets: Bool { grid || layersGrid }
  var sheetFormat: Sheet.Format { format ?? .png }
  /// The extension of a result with a file of its own.
  var ending: String { drawsSheets ? sheetFormat.rawValue : "png" }

  /// The name of a sheet's file determines its format if no option does.
  mutating func takeFormat(from output: String) {
    guard drawsSheets, format == nil else { return }
    format = Sheet.Format(rawValue: output.pathExtension.lowercased())
  }

  /// The number of files that will be written.
  ///
  /// - Parameter prompts: The number of prompts for each picture.
  func resultCount(pictures: Int, prompts: [Int], methods: [HeatmapMethod]) -> Int {
    let own = [overlays, npy, npy, npy && ground == .original, transparent, threshold != nil].count { $0 }
    return prompts.reduce(0, +) * methods.count * own
      + pictures * ((grid ? 1 : 0) + (layersGrid ? methods.count(where: \.sumsLayers) : 0))
  }

  /// Throws if no method has maps of layers; notes those that have none.
  func check(_ methods: [HeatmapMethod], notes: inout Notes) throws {
    guard layersGrid else { return }
    let others = methods.filter { !$0.sumsLayers }.map(\.info.id)
    if others.count == methods.count {
      throw CallError.ignored(
        option: "--layers-grid",
        reason: "\(others.map { "\($0)'s" }.joined(separator: " and ")) map is not a sum over layers")
    }
    for other in others { notes.add("There is no sheet of layers for \(other), whose map is not a sum over layers.") }
  }
}

/// What a map is drawn over.
enum OverlayGround: String, CaseIterable, ExpressibleByArgument {
  case seen, original
}

/// Which maps are scaled to 0...1 together.
enum MapScale: String, CaseIterable, ExpressibleByArgument {
  case own, shared
}

extension Sheet.Format: ExpressibleByArgument {}
