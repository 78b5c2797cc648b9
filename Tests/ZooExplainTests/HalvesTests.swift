import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooExplain
import ZooFixtures
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Towers cut out of golden models give the same embeddings as the whole models.
@Suite struct HalvesTests {
  /// One tower as saved by other programs.
  struct Half: Sendable, CustomTestStringConvertible {
    var golden: String
    var checkpoint: String
    /// The saved tensors start with one of these.
    var prefixes: [String]
    /// The prefix that is removed from their names.
    var stripped = ""
    /// `open_clip_config.json` or `config.json` of the whole model beside it.
    var configuration: String?
    /// The fields of `config.json` for the tower alone: a section of the whole model's.
    var section: String?
    var options = ConversionOptions()
    var layout: String
    var group = "models"
    var testDescription: String { "\(layout) of \(golden)" }

    static let clip = "openclip/open_clip_model.safetensors"

    func source() -> String { Golden.url("\(group)/\(golden)/checkpoints/\(checkpoint)").path }

    /// Writes the tower's checkpoint and the files beside it.
    func save(in folder: URL) throws -> String {
      let source = try Checkpoint.open(source())
      let kept = source.entries.filter { entry in prefixes.contains { entry.name.hasPrefix($0) } }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let path = folder.appending(path: "model.safetensors").path
      let writer = try SafetensorsWriter(
        path,
        tensors: kept.map {
          (String($0.name.dropFirst($0.name.hasPrefix(stripped) ? stripped.count : 0)), $0.dtype, $0.shape)
        })
      for entry in kept { try writer.append(source.tensor(entry.name).data) }
      try writer.finish()
      let beside = URL(filePath: self.source()).deletingLastPathComponent()
      if let configuration {
        try FileManager.default.copyItem(
          at: beside.appending(path: configuration), to: folder.appending(path: configuration))
      }
      if let section {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: beside.appending(path: "config.json")))
        let tower = try #require((json as? [String: Any])?[section])
        try JSONSerialization.data(withJSONObject: tower).write(to: folder.appending(path: "config.json"))
      }
      return path
    }

    func convert() throws -> (model: ZooModel, identified: IdentifiedModel) {
      try withScratch { scratch in
        let source = try Checkpoint.open(save(in: scratch.appending(path: "half")))
        let conversion = try Conversion(source, options: options, registry: .builtIn)
        let target = scratch.appending(path: "model")
        try conversion.write(to: target.path)
        return (try ZooModel(directory: target), conversion.model)
      }
    }
  }

  private static func options(_ change: (inout ConversionOptions) -> Void) -> ConversionOptions {
    var options = ConversionOptions()
    change(&options)
    return options
  }

  static let images = [
    Half(
      golden: "clip_gelu", checkpoint: Half.clip, prefixes: ["visual."], configuration: "open_clip_config.json",
      layout: "openclip-image"),
    Half(
      golden: "clip_gelu", checkpoint: Half.clip, prefixes: ["visual."], stripped: "visual.",
      configuration: "open_clip_config.json", layout: "openclip-image"),
    Half(
      golden: "clip_gelu", checkpoint: "hf/model.safetensors", prefixes: ["vision_model.", "visual_projection."],
      section: "vision_config", layout: "transformers-clip-image"),
    Half(
      golden: "clip_gelu", checkpoint: "hf/model.safetensors", prefixes: ["vision_model.", "visual_projection."],
      options: options { ($0.visionActivation, $0.visionHeads) = (.gelu, 4) }, layout: "transformers-clip-image"),
    Half(
      golden: "clip_gelu", checkpoint: Half.clip, prefixes: ["visual."],
      options: options { ($0.visionActivation, $0.visionHeads, $0.model) = (.gelu, 4, ModelName("mine:tuned")) },
      layout: "openclip-image"),
    Half(
      golden: "siglip", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."], section: "vision_config",
      layout: "transformers-siglip-image"),
    Half(
      golden: "siglip", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."], configuration: "config.json",
      layout: "transformers-siglip-image"),
    Half(
      golden: "siglip", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."], stripped: "vision_model.",
      section: "vision_config", layout: "transformers-siglip-image-bare"),
    naFlex,
    Half(
      golden: "siglip2_hf", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."], stripped: "vision_model.",
      configuration: "preprocessor_config.json", section: "vision_config", layout: "transformers-siglip2-image-bare",
      group: "families"),
    // Without a configuration the grid is the position table's, unless the caller states another.
    Half(
      golden: "siglip2_hf", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."],
      options: options {
        ($0.visionActivation, $0.visionHeads, $0.imageSize) = (.geluTanh, 3, GridSize(square: 40))
      }, layout: "transformers-siglip2-image", group: "families"),
  ]

  static let naFlex = Half(
    golden: "siglip2_hf", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."],
    configuration: "preprocessor_config.json", section: "vision_config", layout: "transformers-siglip2-image",
    group: "families")

  @Test(arguments: images)
  func anImageTowerAloneEmbedsWhatTheWholeModelEmbeds(_ half: Half) throws {
    let (model, identified) = try half.convert()
    #expect(identified.layout.name == half.layout)
    #expect(model.architecture.part == .imageTower)
    #expect(model.architecture.text == nil)
    let golden = try GoldenModel(half.golden, half.checkpoint, group: half.group)
    let expected = try golden.expected(half.golden == "siglip" ? "forward_tanh.npz" : "forward.npz")
    let inputs =
      expected.arrays["pixel_values"] != nil ? expected : try golden.expected("forward.npz")
    let size = try #require(model.architecture.vision).image
    for index in 0..<2 {
      let picture = PixelTensor(
        height: size.height, width: size.width, values: inputs["pixel_values"][index].floats)
      #expect(expected.distance(try model.imageEmbeddings([picture])[0], to: "image_embeddings", row: index) <= 1)
    }
    #expect(throws: ModelError.noText(model: model.name, part: .imageTower)) { try model.textEmbeddings(["a cat"]) }
  }

  /// transformers 5 saves a `CLIPVisionModel` and a `CLIPTextModel` without the names of their towers.
  @Test func towersOfTransformers5NeedNoPrefix() throws {
    let image = Half(
      golden: "clip_gelu", checkpoint: "hf/model.safetensors", prefixes: ["vision_model."], stripped: "vision_model.",
      section: "vision_config", layout: "transformers-clip-image-bare")
    let (model, identified) = try image.convert()
    #expect(identified.layout.name == image.layout)
    let expected = try GoldenModel(image.golden, image.checkpoint).expected("forward.npz")
    let size = try #require(model.architecture.vision).image
    let picture = PixelTensor(height: size.height, width: size.width, values: expected["pixel_values"][0].floats)
    #expect(expected.distance(try model.imageEmbeddings([picture])[0], to: "image0.ln_post_cls") <= 1)
    let text = Half(
      golden: "clip_gelu", checkpoint: "hf/model.safetensors", prefixes: ["text_model."], stripped: "text_model.",
      section: "text_config", layout: "transformers-clip-text-bare")
    let (tower, found) = try text.convert()
    #expect(found.layout.name == text.layout && tower.architecture.part == .textTower)
  }

  static let texts = [
    Half(
      golden: "clip_gelu", checkpoint: "hf/model.safetensors", prefixes: ["text_model.", "text_projection."],
      section: "text_config", layout: "transformers-clip-text"),
    Half(
      golden: "clip_gelu", checkpoint: Half.clip,
      prefixes: ["transformer.", "token_embedding.", "positional_embedding", "text_projection", "ln_final."],
      configuration: "open_clip_config.json", layout: "openclip-text-tower"),
    Half(
      golden: "siglip2_hf", checkpoint: "hf/model.safetensors", prefixes: ["text_model."], section: "text_config",
      layout: "transformers-siglip-text", group: "families"),
    Half(
      golden: "siglip2_hf", checkpoint: "hf/model.safetensors", prefixes: ["text_model."], stripped: "text_model.",
      section: "text_config", layout: "transformers-siglip-text-bare", group: "families"),
  ]

  @Test(arguments: texts)
  func aTextTowerAloneEmbedsWhatTheWholeModelEmbeds(_ half: Half) throws {
    let (model, identified) = try half.convert()
    #expect(identified.layout.name == half.layout)
    #expect(model.architecture.part == .textTower)
    #expect(model.description.preprocessing == nil)
    let expected = try GoldenModel(half.golden, half.checkpoint, group: half.group).expected("forward.npz")
    let ids = (0..<3).map { expected["token_ids"][$0].ints.map { Int32($0) } }
    for (index, embedding) in try model.textEmbeddings(tokens: ids).enumerated() {
      #expect(expected.distance(embedding, to: "text_embeddings", row: index) <= 1)
    }
    let picture = PixelTensor(height: 8, width: 8, values: [Float](repeating: 0, count: 192))
    #expect(throws: ModelError.noImages(model: model.name)) { try model.imageEmbeddings([picture]) }
  }

  /// The head of the golden classifier applied to the features gives the golden logits.
  @Test func timmsModelWithoutAHeadGivesItsFeatures() throws {
    let half = Half(
      golden: "vit_classifier", checkpoint: "timm/model.safetensors",
      prefixes: ["cls_token", "pos_embed", "patch_embed.", "blocks.", "norm."],
      options: Self.options { $0.visionHeads = 4 }, layout: "timm-vit-image")
    let (model, identified) = try half.convert()
    #expect(identified.layout.name == half.layout)
    #expect(model.architecture.part == .imageTower)
    let expected = try GoldenModel("vit_classifier", "timm/model.safetensors").expected("forward.npz")
    let head = try Checkpoint.open(half.source())
    let weight = try #require(head.tensor("head.weight").floats())
    let bias = try #require(head.tensor("head.bias").floats())
    let picture = PixelTensor(height: 32, width: 32, values: expected["pixel_values"][0].floats)
    let features = try model.imageEmbeddings([picture])[0], width = features.count
    let logits = bias.indices.map { row in
      bias[row] + dot(Array(weight[row * width..<(row + 1) * width]), features)
    }
    #expect(expected.distance(logits, to: "logits", row: 0) <= 1)
  }

  /// As in the whole model, a picture keeps its aspect ratio, and its fixed size is the square of the maximum number of patches.
  @Test func aNaFlexTowerSaysWhatPicturesBecome() throws {
    let (model, identified) = try Self.naFlex.convert()
    let vision = try #require(model.architecture.vision)
    #expect(vision.image == GridSize(square: 40) && vision.tableGrid == GridSize(square: 3))
    #expect(model.description.preprocessing?.interpolation == .bilinear)
    #expect(model.description.preprocessing?.naflex == NaFlex(patch: 8, maxPatches: 26))
    #expect(identified.notes.contains { $0.hasPrefix("NaFlex: a picture keeps its proportions") })
    let text = try #require(Self.texts.first { $0.group == "families" }).convert().identified
    #expect(!text.notes.contains { $0.contains("NaFlex") })
  }

  @Test func mapsForEmbeddingsFromElsewhereAreTheReferences() throws {
    let (model, _) = try Self.images[0].convert()
    let golden = try GoldenModel("clip_gelu", Half.clip)
    let expected = try golden.expected("heatmaps.npz"), inputs = try golden.expected("preprocess.npz")
    let prompts = try golden.model.textEmbeddings(expectedPrompts(golden))
    let explainer = Explainer(model: model)
    let prepared = try explainer.prepare(try embeddings(prompts, names: ["one", "two", "three"]))
    #expect(prepared.prompts == ["one", "two", "three"])
    let array = inputs["image_a.native.tensor"]
    let picture = PixelTensor(height: array.shape[1], width: array.shape[2], values: array.floats)
    let explanation = try explainer.explain([picture], prepared)[0]
    let found = explanation.prompts.map(\.heatmap)
    let want = expected["native.mean_cosine.layers"]
    let values = (0..<want.shape[0]).flatMap { layer in found.flatMap { $0.layerValues[layer] } }
    #expect(expected.distance(values, to: "native.mean_cosine.layers") <= 1)
    #expect(explanation.emptySimilarity == nil)
  }

  @Test func embeddingsThatCannotBeUsedAreRefused() throws {
    let (model, _) = try Self.images[0].convert()
    let explainer = Explainer(model: model)
    func refusal(_ rows: [[Float]], names: [String]? = nil) -> EmbeddingsError? {
      #expect(throws: EmbeddingsError.self) { try explainer.prepare(try embeddings(rows, names: names)) }
    }
    let good = [Float](repeating: 1, count: 44)
    #expect(
      refusal([[1, 2]]) == .wrongWidth(model: model.name, expected: 44, found: 2))
    #expect(
      refusal([good, good.map { _ in 0 }])?.description.hasSuffix(
        "row 1 is zero throughout, which is the embedding of no prompt") == true)
    #expect(refusal([good.map { _ in .nan }])?.description.hasSuffix("row 0 holds NaN or infinite numbers") == true)
    #expect(
      refusal([good, good], names: ["one"])?.description.hasSuffix(
        "has 1 names for 2 embeddings; write one a line, in their order") == true)
    #expect(try explainer.prepare(try embeddings([good, good], names: nil)).prompts == ["1", "2"])
  }

  @Test func twoHalvesAreTheWholeModelAgain() throws {
    let whole = try GoldenModel("clip_gelu", Half.clip)
    let expected = try whole.expected("forward.npz")
    try withScratch { scratch in
      let image = try Checkpoint.open(Self.images[1].save(in: scratch.appending(path: "image")))
      let text = try Checkpoint.open(Golden.url("models/clip_gelu/checkpoints/hf/model.safetensors").path)
      let joined = try Conversion(joining: image, with: text, registry: .builtIn)
      #expect(joined.plan.problems.isEmpty)
      #expect(joined.model.notes.contains("logit_scale is that of the text tower's file."))
      let target = scratch.appending(path: "model")
      try joined.write(to: target.path)
      let model = try ZooModel(directory: target)
      #expect(model.architecture.part == .whole)
      #expect(abs(model.logitScale - expected["logit_scale_exp"].floats[0]) < 1e-4)
      let picture = PixelTensor(height: 32, width: 32, values: expected["pixel_values"][0].floats)
      #expect(expected.distance(try model.imageEmbeddings([picture])[0], to: "image_embeddings", row: 0) <= 1)
      let ids = expected["token_ids"][0].ints.map { Int32($0) }
      #expect(expected.distance(try model.textEmbeddings(tokens: [ids])[0], to: "text_embeddings", row: 0) <= 1)
    }
  }

  @Test func halvesOfDifferentModelsAreNotJoined() throws {
    try withScratch { scratch in
      let image = try Checkpoint.open(Self.images[5].save(in: scratch.appending(path: "image")))
      let text = try Checkpoint.open(Golden.url("models/clip_gelu/checkpoints/hf/model.safetensors").path)
      let error = #expect(throws: ConvertError.self) {
        try Conversion(joining: image, with: text, registry: .builtIn)
      }
      #expect(
        error?.description.hasSuffix(
          "cannot be joined: the image tower's embedding has width 56, the text tower's 44") == true)
    }
  }

  private func expectedPrompts(_ golden: GoldenModel) throws -> [String] {
    let file = try #require(try Golden.json("models/clip_gelu/case.json") as? [String: Any])
    return Array(try #require(file["prompts"] as? [String]).prefix(3))
  }

  /// Through files, as a caller provides them.
  private func embeddings(_ rows: [[Float]], names: [String]?) throws -> PromptEmbeddings {
    try withScratch { scratch in
      var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows.count), \(rows[0].count)), }"
      header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
      var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]) + Data(header.utf8)
      for value in rows.joined() { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
      let file = scratch.appending(path: "prompts.npy"), list = scratch.appending(path: "names.txt")
      try data.write(to: file)
      if let names { try Data(names.map { $0 + "\n" }.joined().utf8).write(to: list) }
      return try PromptEmbeddings(file: file.path, names: names == nil ? nil : list.path)
    }
  }
}

/// Calls `body` with a new folder, which is removed afterwards; open mappings keep its content.
private func withScratch<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-halves-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
