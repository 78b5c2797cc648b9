import Foundation
import Testing
import ZooModels

@testable import ZooConvert

/// Values in `open_clip_config.json` that open_clip 3.3 interprets in its own way.
@Suite struct OpenCLIPConfigurationTests {
  private func configuration(preprocess: String = "{}", vision: String = "", text: String = "") throws -> Configuration
  {
    let json = """
      {"model_cfg": {"embed_dim": 8, "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8\(vision)},
       "text_cfg": {"width": 64, "heads": 1, "layers": 1\(text)}}, "preprocess_cfg": \(preprocess)}
      """
    return try manifestDecoder().decode(OpenCLIPFile.self, from: Data(json.utf8))
      .configuration(file: "open_clip_config.json")
  }

  /// Foundation takes the first value and Python the last: whichever was meant, the other would give a different model.
  @Test func aKeyThatIsThereTwiceIsRefused() throws {
    let scratch = try ScratchFolder()
    let file = scratch.file("config.json")
    try Data(#"{"hidden_act": "gelu", "a": {"hidden_act": 1}, "hidden_act": "quick_gelu"}"#.utf8).write(
      to: URL(filePath: file))
    #expect(throws: ConvertError.configuration(file: file, reason: "the key 'hidden_act' is repeated (byte 59)")) {
      try readPlainJSON(file)
    }
  }

  @Test func thePictureSizeOfTheModelWins() throws {
    let made = try configuration(preprocess: #"{"size": 64}"#)
    #expect(made.preprocessing.size == GridSize(square: 32))
    #expect(
      made.notes == [
        "The picture size is 32x32 by image_size and 64x64 by preprocess_cfg.size in open_clip_config.json: "
          + "open_clip takes image_size."
      ])
    #expect(try configuration(preprocess: #"{"size": [32, 32]}"#).notes == [])
  }

  @Test func randomInterpolationIsBicubicAndOthersAreRefused() throws {
    #expect(try configuration(preprocess: #"{"interpolation": "random"}"#).preprocessing.interpolation == .bicubic)
    #expect(try configuration(preprocess: #"{"interpolation": "bilinear"}"#).preprocessing.interpolation == .bilinear)
    for bad in [#"{"interpolation": "lanczos"}"#, #"{"resize_mode": "keep"}"#, #"{"mean": [1]}"#] {
      #expect(throws: (any Error).self, "\(bad)") { try configuration(preprocess: bad) }
    }
  }

  @Test func oneNumberIsForAllChannels() throws {
    let made = try configuration(preprocess: #"{"mean": 0.5, "std": 0.25}"#).preprocessing
    #expect(made.mean == [0.5, 0.5, 0.5] && made.std == [0.25, 0.25, 0.25])
  }

  @Test func aTextTowerMayHaveNoHead() throws {
    #expect(try configuration().text?.projection == .linear)
    #expect(try configuration(text: #", "no_head": true"#).text?.projection == Projection.none)
    #expect(try configuration(text: #", "proj_type": "none""#).text?.projection == Projection.none)
  }

  /// The name decides which text tower of transformers it is, whoever's copy it is.
  @Test func textTowersOfTransformersAreKnownByName() throws {
    func text(_ name: String, _ more: String = "") throws -> HuggingFaceTextModel {
      let made = try configuration(text: #", "hf_model_name": "\#(name)", "hf_tokenizer_name": "\#(name)"\#(more)"#)
      #expect(made.text == nil)
      return try #require(made.huggingFaceText)
    }
    let roberta = try text("someone/XLM-RoBERTa-base")
    #expect(roberta.kind == .roberta && roberta.pooling == .mean && roberta.tokenizer.padID == 1)
    let nllb = try text("facebook/nllb-200-distilled-600M", #", "hf_pooler_type": "cls_pooler""#)
    #expect(nllb.kind == .nllb && nllb.pooling == .first)
    #expect(nllb.tokenizer.bosID == 256_047 && nllb.tokenizer.eosID == 2)
    let bert = try text("bert-base-uncased", #", "hf_pooler_type": "cls_last_hidden_state_pooler""#)
    #expect(bert.kind == .bert && bert.pooling == .first && bert.tokenizer.padID == 0)
    let modern = try text("Alibaba-NLP/gte-modernbert-base", #", "hf_pooler_type": "cls_pooler""#)
    #expect(modern.kind == .modernBERT && modern.pooling == .first && modern.tokenizer.padID == 50283)
    let other = #expect(throws: ConvertError.self) { try text("microsoft/deberta-v3-base") }
    #expect(
      other?.description
        == "open_clip_config.json is a model with the text tower 'microsoft/deberta-v3-base', which cannot be "
        + "converted: its text tower is a Hugging Face model (microsoft/deberta-v3-base), which is not run")
    // BERT's own pooling layer.
    let pooled = #expect(throws: ConvertError.self) { try text("roberta-base", #", "hf_pooler_type": "cls_pooler""#) }
    #expect(pooled?.description.contains("its text pooling 'cls_pooler' is not run") == true)
  }

  /// Heads of width 64 are assumed; if the width is not a multiple of that, the caller must state the number of heads.
  @Test func theHeadsOfATextTowerOfTransformers() throws {
    let made = try configuration(text: #", "hf_model_name": "roberta-base", "hf_tokenizer_name": "roberta-base""#)
    var facts = TextFacts(vocabulary: 64, width: 128)
    (facts.encoder, facts.mlpWidth, facts.layers, facts.positions) = (.bert, 256, 2, 80)
    let model = try #require(made.huggingFaceText)
    #expect(try model.tower(facts, heads: nil).blocks.heads == 2)
    facts.width = 32
    let error = #expect(throws: ConvertError.self) { try model.tower(facts, heads: nil) }
    #expect(error?.description.contains("--text-heads") == true)
    facts.encoder = .m2m
    #expect(throws: ConvertError.self) { try model.tower(facts, heads: 4) }
  }

  /// They are stored with the weights.
  @Test func sineAndCosinePositionsAreRead() throws {
    #expect(try configuration(vision: #", "pos_embed_type": "sin_cos_2d""#).vision != nil)
    #expect(throws: ConvertError.self) { try configuration(vision: #", "pos_embed_type": "rope""#) }
  }
}
