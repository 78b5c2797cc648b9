import Foundation
import Testing
import ZooConvert
import ZooModels
import ZooTestSupport

/// What no tensor of a TIPSv2 model reveals (`Tools/golden/make_tipsv2.py`).
@Suite struct TIPSv2Tests {
  private func model(_ name: String) throws -> IdentifiedModel {
    var options = ConversionOptions()
    options.tokenizer = Golden.url("tokenizers/tipsv2_tiny").path
    return try planned(Golden.url("families/\(name)/checkpoints/hf/model.safetensors").path, options).model
  }

  @Test func aTemperatureIsTheFilesOrTheConfigurations() throws {
    let published = try model("tipsv2"), trained = try model("tipsv2_swiglu")
    #expect(published.architecture.temperature == 0.05)
    #expect(trained.architecture.temperature == 0.04)
    for model in [published, trained] {
      #expect(!model.architecture.logitScale && model.architecture.hasScale)
      #expect(model.architecture.half(.imageTower).hasScale == false)
    }
  }

  @Test func picturesAreNotNormalisedAndPromptsHaveNoTokensAround() throws {
    let model = try model("tipsv2"), pictures = try #require(model.preprocessing)
    #expect(pictures.mean == [0, 0, 0] && pictures.std == [1, 1, 1])
    #expect(pictures.interpolation == .bilinear && pictures.resizeMode == .squash)
    let spec = try #require(model.architecture.text?.tokenizer)
    #expect(spec.kind == .sentencePiece && spec.frame == .bare && spec.clean == .asciiLower)
    #expect(model.tokenizerFiles.map(\.name) == ["tokenizer.model"])
  }

  @Test func aConfigurationOfAnotherCodeIsRefused() throws {
    let scratch = try ScratchFolder()
    try scratch.copy("families/tipsv2/checkpoints/hf/model.safetensors")
    try Data(#"{"model_type": "tipsv2", "embed_dim": 48}"#.utf8).write(to: URL(filePath: scratch.file("config.json")))
    #expect {
      try planned(scratch.file("model.safetensors"))
    } throws: { "\($0)".contains("it has no text_config and no vision_config") }
  }
}
