import Foundation
import Testing
import ZooImages
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// Pictures prepared according to timm's `config.json`, bit for bit as by `timm.data.create_transform`.
@Suite struct TimmPixelsTests {
  struct Case: Decodable {
    let key: String
    let picture: String
  }

  @Test func settingsOfAConfigurationGiveTimmsPixels() throws {
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: Golden.url("classifiers/pixels.json")))
    let settings = try #require(try Golden.json("classifiers/pixels.json") as? [[String: Any]])
    let golden = try Golden.arrays("classifiers/pixels.npz")
    #expect(cases.count == 37)
    for (facts, settings) in zip(cases, settings) {
      let config: [String: Any] = [
        "architecture": "vit_base_patch16_224", "pretrained_cfg": try #require(settings["pretrained_cfg"]),
      ]
      let file = try manifestDecoder().decode(TimmFile.self, from: JSONSerialization.data(withJSONObject: config))
      var preprocessing = try file.configuration(file: "config.json").preprocessing
      preprocessing.convention = CheckpointLayout.timmClassifier.convention
      let image = try Picture(contentsOf: Golden.url(facts.picture))
      let result = preprocess(image, preprocessing).tensor
      let want = try #require(golden[facts.key])
      // Only every 32nd row of the large picture is stored.
      let step = result.height / want.shape[1]
      let values = (0..<3 * want.shape[1]).flatMap { row in
        result.values[row * step * result.width..<(row * step + 1) * result.width]
      }
      let label = "\(facts.key): \(settings["pretrained_cfg"] ?? "")"
      #expect([3, want.shape[1], result.width] == want.shape, "\(label)")
      #expect(values == want.floats, "\(label)")
    }
  }

  @Test func settingsThatCannotBeHonouredStopTheConversion() throws {
    func refusal(_ config: [String: Any]) -> ConvertError? {
      let all = config.merging(["architecture": "vit_base_patch16_224"]) { first, _ in first }
      return #expect(throws: ConvertError.self) {
        let data = try JSONSerialization.data(withJSONObject: all)
        _ = try manifestDecoder().decode(TimmFile.self, from: data).configuration(file: "config.json")
      }
    }
    #expect(
      refusal(["pretrained_cfg": ["crop_mode": "border"]])
        == .unusableValue(
          file: "config.json", key: "crop_mode", value: "\"border\"",
          remedy: "zoo fills borders in one shade, and its mean has several; use center or squash"))
    #expect(
      refusal(["pretrained_cfg": ["input_size": [1, 32, 32]]])
        == .unusableValue(
          file: "config.json", key: "input_size", value: "[1, 32, 32]", remedy: "it must be [3, height, width]"))
    #expect(
      refusal(["global_pool": ""])
        == .unusableValue(
          file: "config.json", key: "global_pool", value: "\"\"", remedy: "zoo runs classifiers that pool their tokens")
    )
  }

  @Test func classNamesComeInAListOrByNumber() throws {
    func labels(_ json: String) throws -> [String]? {
      let config = #"{"architecture": "vit_base_patch16_224", "label_names": \#(json)}"#
      return try manifestDecoder().decode(TimmFile.self, from: Data(config.utf8)).configuration(file: "config.json")
        .labels
    }
    #expect(try labels(#"["cat", "dog"]"#) == ["cat", "dog"])
    #expect(try labels(#"{"2": "dog", "0": "cat"}"#) == ["cat", "class 1", "dog"])
  }
}
