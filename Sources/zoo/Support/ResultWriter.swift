import Foundation
import ZooCheckpoints
import ZooDrawing
import ZooExplain
import ZooImages

/// Draws results, on any thread.
struct ResultDrawer: Sendable {
  private let names: OutputNames
  private let loader: PictureLoader
  private let options: DrawingOptions
  private let methods: [HeatmapMethod]
  private let facts: [String]
  /// Digests of the settings of each method, for raw maps and for drawings.
  private let raw: [String], drawn: [String]

  /// - Parameter settings: One for each method.
  init(
    names: OutputNames, loader: PictureLoader, _ options: DrawingOptions, methods: [HeatmapMethod],
    settings: [ResultSettings], facts: [String]
  ) throws {
    (self.names, self.loader, self.options) = (names, loader, options)
    (self.methods, self.facts) = (methods, facts)
    raw = try settings.map { try $0.digest() }
    drawn = try settings.map { try $0.drawn(options).digest() }
  }

  /// Draws the results for one picture.
  ///
  /// - Parameter explanations: One for each method.
  func draw(
    _ path: String, _ picture: LoadedPicture, _ explanations: [Explanation], _ rows: [PromptReport]
  ) throws -> DrawnPicture {
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
    func name(_ prompts: [String], label: String? = nil, method: Int?, _ settings: [String], _ suffix: String) -> String
    {
      names.name(
        of: path, digest: digest, prompts: prompts, label: label, method: method.map { methods[$0].info.id } ?? "",
        settings: method.map { settings[$0] } ?? settings.joined(), suffix: suffix)
    }
    var entry = PictureReport.ImageReport(
      path, picture.source, emptySimilarity: explanations[0].emptySimilarity, absentBelow: explanations[0].absentBelow,
      prompts: rows)
    entry.grid = maps[0].maps.first.map { [$0.grid.height, $0.grid.width] } ?? []
    var result = DrawnPicture(entry: entry, drawing: drawing)
    for prompt in rows.indices {
      let own = [prompts[prompt]]
      result.maps.append(
        try methods.indices.map { method in
          let map = maps[method].maps[prompt], size = [map.grid.height, map.grid.width]
          var files: [DrawnPicture.File] = []
          if options.overlays {
            files.append(
              .init(name(own, method: method, drawn, "png"), try drawing.figure(method, prompt).pngData()))
          }
          if options.transparent {
            files.append(
              .init(name(own, method: method, drawn, "map.png"), try drawing.transparentMap(method, prompt).pngData()))
          }
          if let threshold = options.threshold {
            let mask = drawing.mask(method, prompt, above: threshold)
            files.append(.init(name(own, method: method, drawn, "mask.png"), try mask.pngData()))
          }
          if options.npy {
            files.append(.init(name(own, method: method, raw, "npy"), npyData(map.values, shape: size)))
            if !map.layerValues.isEmpty {
              files.append(
                .init(
                  name(own, method: method, raw, "layers.npy"),
                  npyData(map.layerValues.flatMap { $0 }, shape: [map.layers.count] + size)))
            }
            if options.ground == .original {
              let whole = drawing.placed(method, prompt)
              files.append(
                .init(
                  name(own, method: method, drawn, "full.npy"),
                  npyData(whole.whole(), shape: [whole.size.height, whole.size.width])))
            }
          }
          return (MapReport(methods[method], map, files: []), files)
        })
    }
    let ending = options.sheetFormat.rawValue
    func sheet(_ sheet: Sheet, _ label: String, _ method: Int?) throws -> DrawnPicture.File {
      .init(
        name(prompts, label: label, method: method, drawn, ending), try sheet.data(as: options.sheetFormat))
    }
    if options.grid { result.sheets.append(try sheet(drawing.sheet(), "grid", methods.count == 1 ? 0 : nil)) }
    if options.layersGrid {
      for (method, own) in methods.enumerated() where own.sumsLayers {
        result.sheets.append(try sheet(drawing.layerSheet(method), "layers", method))
      }
    }
    result.drawing.original = nil  // It may be large, and the result may have to wait.
    return result
  }
}

/// The drawings of one picture, and its part of the report, still without the paths of files.
struct DrawnPicture: Sendable {
  struct File: Sendable {
    let name: String
    let data: Data

    init(_ name: String, _ data: Data) { (self.name, self.data) = (name, data) }
  }

  var entry: PictureReport.ImageReport
  var drawing: Drawing
  /// `[prompts][methods]`.
  var maps: [[(report: MapReport, files: [File])]] = []
  var sheets: [File] = []
}

/// Writes drawings, one picture after the other.
struct ResultWriter {
  private var destination: Destination
  /// A page to which everything is added as well.
  var report: HTMLReport?
  /// The regions of all maps, if a file for them is requested.
  var boxes: RegionFile?

  init(_ destination: Destination) { self.destination = destination }

  /// Writes the results for one picture, and completes its part of the report.
  mutating func write(_ drawn: DrawnPicture) throws -> PictureReport.ImageReport {
    var entry = drawn.entry
    for (prompt, maps) in drawn.maps.enumerated() {
      entry.prompts[prompt].maps = try maps.map { map in
        var report = map.report
        report.files = try map.files.map { try destination.write($0.data, as: $0.name) }
        return report
      }
      entry.prompts[prompt].files = entry.prompts[prompt].maps?.flatMap(\.files)
    }
    entry.sheets = try drawn.sheets.map { try destination.write($0.data, as: $0.name) }
    try report?.add(entry, drawn.drawing)
    boxes?.add(entry, drawn.drawing)
    return entry
  }
}
