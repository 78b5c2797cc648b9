import Foundation
import ZooCheckpoints
import ZooDrawing
import ZooExplain
import ZooImages

/// Writes what is drawn of explanations, each under its own name.
struct ResultWriter {
  private var destination: Destination
  private let names: OutputNames
  private let options: DrawingOptions
  private let settings: ResultSettings
  private let facts: SheetFacts

  init(
    _ destination: Destination, names: OutputNames, _ options: DrawingOptions, settings: ResultSettings,
    facts: SheetFacts
  ) {
    self.destination = destination
    self.facts = facts
    self.names = names
    self.options = options
    self.settings = settings
  }

  /// Writes the results of one picture, and completes its part of the report.
  mutating func write(
    _ path: String, _ picture: LoadedPicture, _ explanation: Explanation, _ rows: [PromptReport]
  ) throws -> PictureReport.ImageReport {
    let heatmaps = explanation.prompts.map(\.heatmap), prompts = rows.map(\.prompt)
    var rows = rows
    for (index, map) in heatmaps.enumerated() { (rows[index].energy, rows[index].flat) = (map.energy, map.isFlat) }
    let drawing = Drawing(
      title: (path as NSString).lastPathComponent, facts: facts.lines, picture: picture.input.picture, scores: rows,
      heatmaps: heatmaps, options: options)
    let digest = (picture.data ?? Data()).withUnsafeBytes { sha256(of: $0).description }
    let raw = try settings.digest(), drawn = try settings.drawn(options).digest()
    func name(_ prompts: [String], label: String? = nil, _ settings: String, _ suffix: String) -> String {
      names.name(of: path, digest: digest, prompts: prompts, label: label, settings: settings, suffix: suffix)
    }
    var sheets: [String] = []
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
      rows[index].files = files
    }
    if options.grid {
      sheets.append(try write(drawing.sheet(), as: name(prompts, label: "grid", drawn, options.sheetFormat.rawValue)))
    }
    if options.layersGrid {
      sheets.append(
        try write(drawing.layerSheet(), as: name(prompts, label: "layers", drawn, options.sheetFormat.rawValue)))
    }
    var entry = PictureReport.ImageReport(
      path, picture.source, emptySimilarity: explanation.emptySimilarity, absentBelow: explanation.absentBelow,
      prompts: rows)
    entry.grid = heatmaps.first.map { [$0.grid.height, $0.grid.width] } ?? []
    entry.sheets = sheets
    return entry
  }

  private mutating func write(_ sheet: Sheet, as name: String) throws -> String {
    try destination.write(try sheet.data(as: options.sheetFormat), as: name)
  }
}
