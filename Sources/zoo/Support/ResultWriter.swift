import Foundation
import ZooCheckpoints
import ZooDrawing
import ZooExplain
import ZooImages

/// Writes the drawings of explanations, each under its own name.
struct ResultWriter {
  private var destination: Destination
  private let names: OutputNames
  private let loader: PictureLoader
  private let options: DrawingOptions
  private let methods: [HeatmapMethod]
  /// For each method.
  private let settings: [ResultSettings]
  private let facts: [String]
  /// A page to which everything is added as well.
  var report: HTMLReport?
  /// The regions of all maps, if a file for them is requested.
  var boxes: RegionFile?

  init(
    _ destination: Destination, names: OutputNames, loader: PictureLoader, _ options: DrawingOptions,
    methods: [HeatmapMethod],
    settings: [ResultSettings], facts: [String]
  ) {
    (self.destination, self.names, self.loader, self.options) = (destination, names, loader, options)
    (self.methods, self.settings, self.facts) = (methods, settings, facts)
  }

  /// Writes the results for one picture, and completes its part of the report.
  ///
  /// - Parameter explanations: One for each method.
  mutating func write(
    _ path: String, _ picture: LoadedPicture, _ explanations: [Explanation], _ rows: [PromptReport]
  ) throws -> PictureReport.ImageReport {
    let maps = zip(methods, explanations).map { MethodMaps(method: $0, maps: $1.prompts.map(\.heatmap)) }
    let prompts = rows.map(\.prompt)
    var rows = rows
    for (prompt, map) in maps[0].maps.enumerated() {
      (rows[prompt].energy, rows[prompt].flat) = (map.energy, map.isFlat)
    }
    let drawing = Drawing(
      title: path.lastPathComponent, facts: facts, loaded: picture,
      original: options.ground == .original ? try loader.original(of: picture) : nil, scores: rows, methods: maps,
      options: options)
    let digest = (picture.data ?? Data()).withUnsafeBytes { sha256(of: $0).description }
    let raw = try settings.map { try $0.digest() }, drawn = try settings.map { try $0.drawn(options).digest() }
    func name(_ prompts: [String], label: String? = nil, method: Int?, _ settings: [String], _ suffix: String) -> String
    {
      names.name(
        of: path, digest: digest, prompts: prompts, label: label, method: method.map { methods[$0].info.id } ?? "",
        settings: method.map { settings[$0] } ?? settings.joined(), suffix: suffix)
    }
    var sheets: [String] = []
    let ending = options.sheetFormat.rawValue
    for prompt in rows.indices {
      let own = [prompts[prompt]]
      rows[prompt].maps = try methods.indices.map { method in
        let map = maps[method].maps[prompt], size = [map.grid.height, map.grid.width]
        var files: [String] = []
        if options.overlays {
          files.append(
            try destination.write(drawing.figure(method, prompt), as: name(own, method: method, drawn, "png")))
        }
        if options.transparent {
          files.append(
            try destination.write(
              drawing.transparentMap(method, prompt), as: name(own, method: method, drawn, "map.png")))
        }
        if let threshold = options.threshold {
          files.append(
            try destination.write(
              drawing.mask(method, prompt, above: threshold), as: name(own, method: method, drawn, "mask.png")))
        }
        if options.npy {
          files.append(
            try destination.write(npyData(map.values, shape: size), as: name(own, method: method, raw, "npy")))
          if !map.layerValues.isEmpty {
            files.append(
              try destination.write(
                npyData(map.layerValues.flatMap { $0 }, shape: [map.layers.count] + size),
                as: name(own, method: method, raw, "layers.npy")))
          }
          if options.ground == .original {
            let whole = drawing.placed(method, prompt)
            files.append(
              try destination.write(
                npyData(whole.whole(), shape: [whole.size.height, whole.size.width]),
                as: name(own, method: method, drawn, "full.npy")))
          }
        }
        return MapReport(methods[method], map, files: files)
      }
      rows[prompt].files = rows[prompt].maps?.flatMap(\.files)
    }
    if options.grid {
      let method = methods.count == 1 ? 0 : nil
      sheets.append(try write(drawing.sheet(), as: name(prompts, label: "grid", method: method, drawn, ending)))
    }
    if options.layersGrid {
      for (method, own) in methods.enumerated() where own.sumsLayers {
        sheets.append(
          try write(drawing.layerSheet(method), as: name(prompts, label: "layers", method: method, drawn, ending)))
      }
    }
    var entry = PictureReport.ImageReport(
      path, picture.source, emptySimilarity: explanations[0].emptySimilarity, absentBelow: explanations[0].absentBelow,
      prompts: rows)
    entry.grid = maps[0].maps.first.map { [$0.grid.height, $0.grid.width] } ?? []
    entry.sheets = sheets
    try report?.add(entry, drawing)
    boxes?.add(entry, drawing)
    return entry
  }

  private mutating func write(_ sheet: Sheet, as name: String) throws -> String {
    try destination.write(try sheet.data(as: options.sheetFormat), as: name)
  }
}
