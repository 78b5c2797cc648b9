import Foundation
import Testing
import ZooFixtures
import ZooModels
import ZooRuntime

/// A probe is the same for the same weights, whatever they were converted from, and different for others.
@Suite struct ProbeTests {
  @Test func layoutsOfOneModelHaveOneProbe() throws {
    let one = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors").model.probe()
    let two = try GoldenModel("clip_gelu", "hf_sharded/model.safetensors.index.json").model.probe()
    #expect(one.probe.disagreements(with: two.probe) == [])
    #expect(one.probe.image?.values.count == 16)
    #expect(one.probe.text != nil)
    let other = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors") {
      ($0.visionActivation, $0.textActivation) = (.quickGELU, .quickGELU)
    }.model.probe()
    #expect(other.probe.disagreements(with: one.probe).contains("image"))
  }

  @Test(arguments: ["coca", "vit_classifier"])
  func everyKindOfModelHasAProbe(name: String) throws {
    let path = name == "coca" ? "openclip/open_clip_model.safetensors" : "timm/model.safetensors"
    let result = try GoldenModel(name, path).model.probe()
    #expect((result.probe.text == nil) == (name == "vit_classifier"))
    #expect(try #require(result.probe.image).norm > 0)
  }
}
