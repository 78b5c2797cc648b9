import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooTestSupport

/// open_clip's models with its `ModernTextTransformer`.
@Suite struct ModernTextTests {
  private static let cases = [
    ("modern_causal", "openclip-modern"), ("modern_map", "openclip-timm-modern"), ("modern_plain", "openclip-modern"),
  ]

  private func folder(_ name: String) -> String { "families/\(name)/checkpoints/openclip" }

  @Test(arguments: cases)
  func anExportIsWhatOpenCLIPWroteAndComesBack(_ name: String, _ layout: String) throws {
    let scratch = try ScratchFolder(), folder = scratch.file("model"), target = scratch.file("export")
    let checkpoint = Golden.url("\(self.folder(name))/open_clip_model.safetensors").path
    let conversion = try planned(checkpoint)
    let (source, model, plan) = (conversion.checkpoint, conversion.model, conversion.plan)
    #expect(model.layout.name == layout)
    #expect(plan.usedCount == source.entries.count)
    #expect(model.notes.allSatisfy { !$0.contains("not known") }, "\(model.notes)")
    let description = try conversion.write(to: folder)
    // An export omits biases that most of these models do not have, and is refused if they are not zero.
    if name == "modern_plain" {
      #expect(throws: ConvertError.self) { try export(description, in: folder, as: .openCLIP, to: target) }
      return
    }
    let report = try export(description, in: folder, as: .openCLIP, to: target)
    let written = try contents(Checkpoint.open("\(target)/\(try #require(report.files.first))"))
    func isText(_ name: String) -> Bool { name.hasPrefix("text.") }
    #expect(written.filter { isText($0.key) } == (try contents(source)).filter { isText($0.key) })
    let again = try planned(target).model
    #expect(again.layout.name == layout)
    #expect(again.architecture.text == model.architecture.text)
    for format in [ExportFormat.transformers, .bigVision] {
      #expect(throws: ConvertError.self) { try export(description, in: folder, as: format, to: scratch.file("other")) }
    }
  }

  /// Unsupported keys are rejected by name.
  @Test(arguments: [
    ("norm_placement", #""sandwich""#), ("reg_tokens", "2"), ("value_residual", "true"), ("mlp_type", #""relu2""#),
    ("attention_mode", #""bidirectional""#), ("tiktoken_name", #""cl100k_base""#), ("text_arch", #""other""#),
    ("eos_id", "null"), ("norm_type", #""scalenorm""#),
  ])
  func whatIsNotRunIsRefused(_ key: String, _ value: String) throws {
    let scratch = try ScratchFolder()
    try scratch.copy("\(folder("modern_causal"))/open_clip_model.safetensors")
    var config = try String(contentsOf: Golden.url("\(folder("modern_causal"))/open_clip_config.json"), encoding: .utf8)
    config = config.replacing(
      "\"text_arch\": \"modern\",", with: key == "text_arch" ? "" : "\"text_arch\": \"modern\",")
    config = config.replacing(try Regex("\\n +\"\(key)\": [^\\n]*,"), with: "")
    config = config.replacing("\"text_cfg\": {", with: "\"text_cfg\": {\"\(key)\": \(value),")
    try Data(config.utf8).write(to: URL(filePath: scratch.file("open_clip_config.json")))
    let error = #expect(throws: ConvertError.self) { try planned(scratch.file("open_clip_model.safetensors")) }
    let named = ["eos_id": "eos_id", "attention_mode": "pooling 'eos'"][key] ?? key
    #expect(error?.description.contains(named) == true, "\(error?.description ?? "nothing thrown")")
  }
}
