import Testing
import ZooCheckpoints
import ZooModels
import ZooTensors

@testable import ZooConvert

/// Layouts of classifiers and of towers without a head do not accept each other's files.
@Suite struct ClassifierLayoutTests {
  private func headers(_ names: [String]) -> Headers {
    Headers(names.map { Headers.Entry(name: $0, dtype: .f32, shape: [4]) })
  }

  @Test func aCLIPClassifierIsNotAnImageTower() throws {
    let tower = ["vision_model.embeddings.class_embedding", "vision_model.pre_layrnorm.weight"]
    #expect(try detectLayout(headers(tower), path: "").name == "transformers-clip-image")
    let classifier = try detectLayout(headers(tower + ["classifier.weight"]), path: "")
    #expect(classifier.name == "transformers-clip-classifier")
  }

  @Test func aTowerWithoutAHeadSeesPicturesAsTimmDoes() {
    #expect(CheckpointLayout.timmImage.convention == .timm)
    #expect(CheckpointLayout.transformersCLIPImage.convention == .transformers)
  }

  /// With the class token among them, 25 positions are 24 patches, which do not form a square.
  @Test func positionsOfGooglesFilesCountTheClassToken() throws {
    let scratch = try ScratchFolder()
    let source = try Checkpoint.openAsStored(golden("vit_classifier/checkpoints/augreg_npz/vit.npz"))
    let table = "Transformer/posembed_input/pos_embedding"
    let file = scratch.file("vit.npz"), width = 56
    let writer = try NPZWriter(
      file, tensors: source.entries.map { ($0.name, $0.dtype, $0.name == table ? [1, 25, width] : $0.shape) })
    for entry in source.entries {
      let tensor = try source.tensor(entry.name)
      try writer.append(tensor.data.bytes)
      if entry.name == table { try writer.append(.init(rebasing: tensor.data.bytes.prefix(8 * width * 4))) }
    }
    try writer.finish()
    var options = ConversionOptions()
    (options.visionActivation, options.visionHeads) = (.gelu, 4)
    func found() throws -> IdentifiedModel {
      try identify(Checkpoint.open(file), options: options, registry: .builtIn)
    }
    #expect { try found() } throws: { "\($0)".contains("the shape of the patch grid (25 positions)") }
    for (size, fits) in [(GridSize(height: 32, width: 48), true), (GridSize(square: 40), false)] {
      options.imageSize = size
      if fits { #expect(try found().architecture.vision?.grid == GridSize(height: 4, width: 6)) }
      if !fits { #expect(throws: ConvertError.self) { try found() } }
    }
  }
}
