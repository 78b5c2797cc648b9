import ArgumentParser
import Foundation
import ZooModels
import ZooStore

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows what a registered or installed model is made of.")

  @Argument(help: "ARCHITECTURE, ARCHITECTURE:TAG or a converted model's directory.", completion: .knownModels)
  var model: String

  @Flag(help: "Print the manifest, or model.json of an installed model, as JSON.")
  var json = false

  @OptionGroup var registryOptions: RegistryOptions

  func run() throws {
    let store = ModelStore()
    switch Result(catching: { () throws(StoreError) in try store.resolve(model) }) {
    case .success(let directory):
      if let installed = InstalledModel(directory: directory) { return try show(installed) }
    case .failure(let error):
      switch error {
      case .broken: throw error
      // One of several tags is shown if named; for a registered architecture, what all tags have in common is shown.
      case .ambiguous where !isRegistered(store): throw error
      default: break
      }
    }
    if model.contains("/") && !ModelName.isSpelledAsOpenAIDoes(model) || model.hasPrefix(".") {
      _ = try store.resolve(model)
    }
    let (manifest, weights) = try registryOptions.registry(store: store).resolve(ModelName(model))
    if json { return try printJSON(manifest) }
    print(describe(weights.map(manifest.architecture.trained) ?? manifest.architecture))
    print("\nWeights")
    for weights in weights.map({ [$0] }) ?? manifest.weights {
      print("  \(weights.tag)")
      print("    \(describe(weights.preprocessing))")
      if let activation = weights.activation { print("    activation \(describe(activation))") }
      if let repository = weights.repository {
        print("    hf://\(repository)  \(weights.files.joined(separator: ", "))")
      }
      if let url = weights.url { print("    \(url)") }
      for mirror in weights.mirrors {
        print("    also hf://\(mirror.repository)  \(mirror.files.joined(separator: ", "))")
      }
      print("    licence: \(weights.license ?? "not known here; see where the weights are")")
      if manifest.architecture.text != nil {
        print("    languages: \(weights.languages ?? "not stated by the authors")")
      }
      if let note = weights.note { print("    note: \(note)") }
    }
    if manifest.weights.isEmpty { print("  none are registered") }
    print(describe(manifest.verified))
  }

  private func describe(_ verified: Verification?) -> String {
    var lines: [String] = []
    if let golden = verified?.golden {
      lines.append("outputs and maps equal the original's, on a small random model of this kind (\(golden))")
    }
    if let shapes = verified?.shapes { lines.append("names and shapes of all tensors, at full size: \(shapes)") }
    if let facts = verified?.facts, !facts.isEmpty {
      lines.append("dimensions, choices and tags: \(facts.joined(separator: ", "))")
    }
    lines.append("not verified: the published weights themselves; 'zoo pull' checks sizes and digests")
    return "\nVerified\n" + lines.map { "  \($0)" }.joined(separator: "\n")
  }

  private func isRegistered(_ store: ModelStore) -> Bool {
    (try? registryOptions.registry(store: store).resolve(ModelName(model))) != nil
  }

  private func show(_ model: InstalledModel) throws {
    let description = model.description
    if json { return try printJSON(description) }
    print(describe(description.architecture))
    if description.architecture.text != nil, description.tokenizerFiles.isEmpty {
      print("         no tokenizer: it takes no text")
    }
    print(
      "\nInstalled as \(description.name) in \(model.directory.path(percentEncoded: false)), \(byteText(model.size))")
    if let preprocessing = description.preprocessing { print("  \(describe(preprocessing))") }
    if description.quantisation == .int8 {
      print("  matrices of the blocks and table of tokens in 8-bit integers, a scale for each row")
    }
    print("  from \(description.layout):")
    for source in description.sources {
      print("    \(source.name)  \(byteText(source.size))  sha256 \(source.sha256)")
    }
    for note in description.notes { print("  note: \(note)") }
  }

  private func describe(_ architecture: Architecture) -> String {
    var lines = [
      "\(architecture.name)  (\(architecture.family.rawValue)), \(countText(architecture.parameterCount)) parameters, "
        + (architecture.isClassifier ? "\(architecture.embedding) classes" : "embedding \(architecture.embedding)")
    ]
    if let half = architecture.part.half { lines.append("  one half of a model: the \(half)") }
    if let vision = architecture.vision {
      lines += [
        "  image  \(vision.image) pixels, patch \(vision.patch), grid \(vision.grid), "
          + "\(vision.prefixTokens) prefix tokens",
        "         \(describe(vision))",
        "         pooler \(vision.pooler.name), positions resampled by \(vision.resampling.rawValue)",
      ]
    }
    if let text = architecture.text {
      lines.append(
        "  text   context \(text.contextLength), vocabulary \(text.vocabulary), tokenizer \(text.tokenizer.kind.rawValue)"
      )
      lines.append("         \(describe(text.blocks))\(text.causal ? ", causal" : "")")
      lines.append(
        "         pooled by \(text.pooling), projection \(text.projection.rawValue)")
      if let source = text.tokenizer.source { lines.append("         tokenizer of \(source)") }
    } else if architecture.part != .textTower {
      lines.append(
        "  text   none: " + (architecture.isClassifier ? "it names classes" : "prompts come as --embeddings"))
    }
    if let reason = architecture.unsupported { lines.append("  does not run: \(reason)") }
    return lines.joined(separator: "\n")
  }

  private func describe(_ vision: VisionTower) -> String {
    func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }
    if case .mobile(let stem) = vision.stem {
      return "convolutions of widths \(list(stem.widths)), then \(describe(vision.blocks))"
    }
    guard case .resNet(let stem) = vision.stem else { return describe(vision.blocks) }
    let counts = list(stem.bottlenecks)
    return "ResNet of width \(stem.width) with \(counts) bottlenecks; its pooler is the only attention: width "
      + "\(vision.blocks.width), \(vision.blocks.heads) heads"
  }

  private func describe(_ blocks: Blocks) -> String {
    "\(blocks.layers) layers of width \(blocks.width), \(blocks.heads) heads, MLP \(blocks.mlpWidth), "
      + "\(blocks.activation.rawValue), eps \(blocks.normEps)"
  }

  private func describe(_ activations: TowerActivations) -> String {
    let names = [activations.vision, activations.text].compactMap { $0?.rawValue }
    return names.first == names.last ? names.first ?? "" : names.joined(separator: " and ")
  }

  private func describe(_ preprocessing: Preprocessing) -> String {
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    let target = preprocessing.resizeSize.map { " from \($0)" } ?? ""
    let factor =
      preprocessing.rescaleFactor == Preprocessing.unitFactor ? "" : "factor \(preprocessing.rescaleFactor), "
    return
      "pictures \(preprocessing.sizeText)\(target), \(preprocessing.fitText), \(preprocessing.interpolation.rawValue), "
      + "\(factor)mean \(list(preprocessing.mean)), std \(list(preprocessing.std))"
  }
}
