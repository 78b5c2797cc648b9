import ArgumentParser
import Foundation
import ZooExplain
import ZooImages
import ZooModels
import ZooRuntime

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows where in a picture a prompt is: LeGrad heat maps.",
    discussion: """
      Without --grid, --layers-grid or --npy there is one picture for each prompt: the heat map over what the model sees.
      """)

  @Argument(help: "ARCHITECTURE:TAG or a converted model's directory.", completion: .installedModels)
  var model: String

  @Argument(help: "Pictures, or folders of pictures.", completion: .file())
  var images: [String]

  @OptionGroup var promptOptions: PromptOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var runOptions: RunOptions

  @Option(name: [.short, .customLong("output")], help: ArgumentHelp("Where pictures and arrays go.", valueName: "dir"))
  var output = "heatmaps"

  @Option(help: "official: the authors' code; paper: the paper's formulas.")
  var variant: LeGrad.Variant = .official

  @Option(help: "all, last:2, last:40%, 7 or 5-11; the first layer is 0.")
  var layers = "all"

  @Option(help: "cosine or dot; by default what the variant says.")
  var score: LeGrad.Score?

  @Option(help: "all, first or patches: whose mean stands for a layer; by default what the variant says.")
  var tokens: LeGrad.Tokens?

  @Option(
    help: ArgumentHelp(
      "off, or PROMPT[,THRESHOLD]: set the map to 0 where a prompt that names nothing lights up.",
      discussion: "On by default for models with SigLIP's pooler, with \"\(Correction.emptyPrompt)\" and 0.8.",
      valueName: "prompt"))
  var correct: String?

  @Option(
    name: .customLong("negative"), help: ArgumentHelp("What not to look for; may be repeated.", valueName: "text"))
  var negatives: [String] = []

  @Option(
    name: .customLong("class"), help: ArgumentHelp("A classifier's class, by name or number.", valueName: "class"))
  var classes: [String] = []

  @Option(help: "How many of a classifier's best classes to explain where none is named.")
  var top = 3

  @Option(help: "Colours of the map: \(ColorMap.allCases.map(\.rawValue).joined(separator: ", ")).")
  var colorMap: ColorMap = .jet

  @Option(help: "Share of the map's colours in the overlay, 0 to 1.")
  var alpha = 0.6

  @Flag(help: "One sheet for each picture: the picture, all prompts and their similarities.")
  var grid = false

  @Flag(help: "One sheet for each picture with the map of every layer.")
  var layersGrid = false

  @Flag(help: "Raw maps as .npy: [rows, columns] of each prompt, and [layers, rows, columns].")
  var npy = false

  @Flag(help: "Similarities, energies, layers, files and timings as JSON.")
  var json = false

  func validate() throws {
    if !(0...1).contains(alpha) { throw ValidationError("--alpha must lie between 0 and 1.") }
  }

  func run() throws {
    let clock = ContinuousClock()
    var timings = ExplainReport.Timings()
    let method = LeGrad(variant: variant, layers: try LayerSelection(layers), score: score, tokens: tokens)
    let urls = try PictureOptions.pictures(images)
    let folder = try OutputFolder(output)
    var start = clock.now
    let model = try runOptions.load(model)
    // Pictures share passes, except where each has prompts of its own.
    let choosesClasses = model.architecture.isClassifier && classes.isEmpty, together = choosesClasses ? 1 : 4
    runOptions.prepare(model, passes: (urls.count + together - 1) / together)
    let preprocessing = try pictureOptions.preprocessing(of: model)
    timings.load = lap(&start)
    var explainer = Explainer(model: model, method: method)
    if let correct { explainer.correction = correction(correct) }
    explainer.negatives = negatives
    var prepared = try prepare(explainer)
    timings.text = lap(&start)

    let progress = Progress("explaining", total: urls.count, quiet: runOptions.quiet)
    var report = ExplainReport(
      model: model.name, variant: variant, layers: [], threads: runOptions.parallel.threads, images: [],
      timings: timings)
    // A picture that cannot be read holds up none before it.
    var waiting = urls[...], unreadable: (any Error)?
    while !waiting.isEmpty, unreadable == nil {
      start = clock.now
      var batch: [(url: URL, picture: PreprocessedImage)] = []
      while batch.count < together, unreadable == nil, let url = waiting.popFirst() {
        progress.update(urls.count - waiting.count - 1, url.lastPathComponent)
        do {
          batch.append((url, try pictureOptions.load(url, for: model, preprocessing)))
        } catch {
          unreadable = error
        }
      }
      timings.decode += lap(&start)
      if choosesClasses, let first = batch.first {
        prepared = try explainer.prepare(classes: best(try model.imageEmbeddings([first.picture.tensor])[0]))
      }
      let explanations = try explainer.explain(batch.map(\.picture.tensor), prepared)
      timings.explain += lap(&start)
      for ((url, picture), explanation) in zip(batch, explanations) {
        let scores = scoredPrompts(explanation, model: model)
        let heatmaps = explanation.prompts.map(\.heatmap)
        let drawing = Drawing(
          stem: url.deletingPathExtension().lastPathComponent, picture: picture.picture, scores: scores,
          heatmaps: heatmaps, names: fileNames(for: prepared.prompts), colorMap: colorMap, alpha: alpha)
        let files = try write(drawing, to: folder)
        report.layers = heatmaps.first?.layers ?? []
        report.images.append(
          .init(
            url.path(percentEncoded: false), scores: scores, heatmaps: heatmaps, files: files,
            emptySimilarity: explanation.emptySimilarity))
      }
      timings.write += lap(&start)
    }
    if let unreadable { throw unreadable }
    progress.finish()
    report.timings = timings
    if json { try printJSON(report) } else { print(report.text) }
  }

  private func prepare(_ explainer: Explainer) throws -> PreparedPrompts {
    guard explainer.model.architecture.isClassifier else {
      if !classes.isEmpty { throw ExplainError.notAClassifier(model: explainer.model.name) }
      return try explainer.prepare(promptOptions.all())
    }
    guard promptOptions.isEmpty else {
      throw ModelError.noText(model: explainer.model.name, part: .classifier)
    }
    return try explainer.prepare(
      classes: classes.map { name in
        guard let index = explainer.model.classIndex(name) else {
          throw ExplainError.noClassCalled(
            name, near: nearest(to: name, among: explainer.model.description.labels ?? []))
        }
        return index
      })
  }

  /// The classes with the highest logits.
  private func best(_ logits: [Float]) -> [Int] {
    Array(logits.indices.sorted { logits[$0] > logits[$1] }.prefix(max(1, top)))
  }

  private func lap(_ start: inout ContinuousClock.Instant) -> Double {
    let now = ContinuousClock.now
    defer { start = now }
    return (now - start).milliseconds
  }

  private func write(_ drawing: Drawing, to folder: OutputFolder) throws -> ExplainReport.Files {
    var files = ExplainReport.Files(prompts: drawing.names.map { _ in [] }, sheets: [])
    for index in drawing.names.indices {
      if !grid && !layersGrid && !npy {
        files.prompts[index].append(try folder.write(drawing.overlay(index), as: drawing.fileName(index, "png")))
      }
      if npy {
        let map = drawing.heatmaps[index], size = [map.grid.height, map.grid.width]
        files.prompts[index].append(
          try folder.write(npyData(map.values, shape: size), as: drawing.fileName(index, "npy")))
        files.prompts[index].append(
          try folder.write(
            npyData(map.layerValues.flatMap { $0 }, shape: [map.layers.count] + size),
            as: drawing.fileName(index, "layers.npy")))
      }
    }
    if grid { files.sheets.append(try folder.write(drawing.sheet(), as: "\(drawing.stem).grid.png")) }
    if layersGrid { files.sheets.append(try folder.write(drawing.layerSheet(), as: "\(drawing.stem).layers.png")) }
    return files
  }
}

/// File names from prompts: letters and digits of ASCII, dashes between them, numbered where two would be the same.
func fileNames(for prompts: [String]) -> [String] {
  var seen: [String: Int] = [:]
  return prompts.enumerated().map { index, prompt in
    let words = prompt.lowercased().unicodeScalars.split { !("a"..."z").contains($0) && !("0"..."9").contains($0) }
    let name = String(words.map { String($0) }.joined(separator: "-").prefix(60))
    let base = name.isEmpty ? "prompt-\(index + 1)" : name
    seen[base, default: 0] += 1
    return seen[base] == 1 ? base : "\(base)-\(seen[base]!)"
  }
}
