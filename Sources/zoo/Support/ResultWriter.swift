import ArgumentParser
import Foundation
import ZooCheckpoints
import ZooExplain
import ZooImages

/// What is drawn of an explanation, and how.
struct DrawingOptions: ParsableArguments {
  @Option(help: "Colours of the map: \(ColorMap.allCases.map(\.rawValue).joined(separator: ", ")).")
  var colorMap: ColorMap = .jet

  @Option(help: "Share of the map's colours in the overlay, 0 to 1.")
  var alpha = 0.6

  @Flag(help: "One sheet for each picture: the picture, all prompts and their similarities.")
  var grid = false

  @Flag(help: "One sheet for each picture with the map of every layer.")
  var layersGrid = false

  @Flag(
    help:
      "Raw maps as .npy: [rows, columns] of each prompt, and [layers, rows, columns] where the map is a sum over layers."
  )
  var npy = false

  func validate() throws {
    if !(0...1).contains(alpha) { throw ValidationError("--alpha must lie between 0 and 1.") }
  }

  var overlays: Bool { !grid && !layersGrid && !npy }

  /// How many files there will be.
  ///
  /// - Parameter prompts: how many each picture has.
  func resultCount(pictures: Int, prompts: [Int]) -> Int {
    prompts.reduce(0, +) * ((overlays ? 1 : 0) + (npy ? 2 : 0)) + pictures * ((grid ? 1 : 0) + (layersGrid ? 1 : 0))
  }
}

/// Writes what is drawn of explanations, each under its own name.
struct ResultWriter {
  private var destination: Destination
  private let names: OutputNames
  private let options: DrawingOptions
  private let settings: ResultSettings

  init(_ destination: Destination, names: OutputNames, _ options: DrawingOptions, settings: ResultSettings) {
    self.destination = destination
    self.names = names
    self.options = options
    self.settings = settings
  }

  /// Writes the results of one picture, and completes its part of the report.
  mutating func write(
    _ path: String, _ picture: LoadedPicture, _ explanation: Explanation, _ rows: [PromptReport]
  ) throws -> PictureReport.ImageReport {
    let heatmaps = explanation.prompts.map(\.heatmap), prompts = rows.map(\.prompt)
    let drawing = Drawing(
      title: (path as NSString).lastPathComponent, picture: picture.input.picture, scores: rows, heatmaps: heatmaps,
      colorMap: options.colorMap, alpha: options.alpha)
    let digest = (picture.data ?? Data()).withUnsafeBytes { sha256(of: $0).description }
    let raw = try settings.digest(), drawn = try settings.drawn(options.colorMap, alpha: options.alpha).digest()
    func name(_ prompts: [String], label: String? = nil, _ settings: String, _ suffix: String) -> String {
      names.name(of: path, digest: digest, prompts: prompts, label: label, settings: settings, suffix: suffix)
    }
    var rows = rows, sheets: [String] = []
    for (index, map) in heatmaps.enumerated() {
      let prompt = [prompts[index]], size = [map.grid.height, map.grid.width]
      var files: [String] = []
      if options.overlays {
        files.append(try destination.write(drawing.overlay(index), as: name(prompt, drawn, "png")))
      }
      if options.npy {
        files.append(try destination.write(npyData(map.values, shape: size), as: name(prompt, raw, "npy")))
        if !map.layerValues.isEmpty {
          files.append(
            try destination.write(
              npyData(map.layerValues.flatMap { $0 }, shape: [map.layers.count] + size),
              as: name(prompt, raw, "layers.npy")))
        }
      }
      (rows[index].energy, rows[index].flat, rows[index].files) = (map.energy, map.isFlat, files)
    }
    if options.grid {
      sheets.append(try destination.write(drawing.sheet(), as: name(prompts, label: "grid", drawn, "png")))
    }
    if options.layersGrid {
      sheets.append(try destination.write(drawing.layerSheet(), as: name(prompts, label: "layers", drawn, "png")))
    }
    var entry = PictureReport.ImageReport(
      path, picture.source, emptySimilarity: explanation.emptySimilarity, prompts: rows)
    entry.grid = heatmaps.first.map { [$0.grid.height, $0.grid.width] } ?? []
    entry.sheets = sheets
    return entry
  }
}
