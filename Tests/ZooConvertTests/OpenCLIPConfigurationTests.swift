import Foundation
import Testing
import ZooModels

@testable import ZooConvert

/// Values of `open_clip_config.json` that open_clip 3.3 reads in its own way.
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

  /// They are saved with the weights.
  @Test func sineAndCosinePositionsAreRead() throws {
    #expect(try configuration(vision: #", "pos_embed_type": "sin_cos_2d""#).vision != nil)
    #expect(throws: ConvertError.self) { try configuration(vision: #", "pos_embed_type": "rope""#) }
  }
}
