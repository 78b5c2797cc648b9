import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTestSupport

/// open_clip's models with text towers from transformers.
@Suite struct HuggingFaceTextTests {
  private static let cases = [
    ("hf_roberta", "openclip-hf"), ("hf_coca_roberta", "openclip-hf"), ("hf_bert", "openclip-timm-hf"),
    ("hf_nllb", "openclip-hf"), ("hf_nllb_siglip", "openclip-timm-hf"),
    ("hf_mt5", "openclip-hf"), ("hf_modernbert", "openclip-hf"),
  ]

  /// The number of heads of the tiny models does not follow from their width.
  private var options: ConversionOptions {
    var options = ConversionOptions()
    options.textHeads = 4
    return options
  }

  private func checkpoint(_ name: String) -> String {
    Golden.url("families/\(name)/checkpoints/openclip/open_clip_model.safetensors").path
  }

  @Test(arguments: cases)
  func everyTensorIsUsedButACaptioningDecoder(_ name: String, _ layout: String) throws {
    let conversion = try planned(checkpoint(name), options)
    let (source, model, plan) = (conversion.checkpoint, conversion.model, conversion.plan)
    #expect(model.layout.name == layout)
    #expect(plan.usedCount + plan.dropped.count == source.entries.count)
    #expect(plan.dropped.allSatisfy { $0.rule == "text_decoder.*" })
    #expect(plan.dropped.isEmpty == (name != "hf_coca_roberta"))
    #expect(model.architecture.text?.hidesPadding == true)
  }

  @Test(arguments: cases)
  func anExportIsWhatOpenCLIPWroteAndComesBack(_ name: String, _ layout: String) throws {
    let scratch = try ScratchFolder(), folder = scratch.file("model"), target = scratch.file("export")
    let conversion = try planned(checkpoint(name), options)
    let (source, model) = (conversion.checkpoint, conversion.model)
    let description = try conversion.write(to: folder)
    let report = try export(description, in: folder, as: .openCLIP, to: target)
    let written = try contents(Checkpoint.open("\(target)/\(try #require(report.files.first))"))
    // The projection of a timm image tower has two names in open_clip.
    func isText(_ name: String) -> Bool { name.hasPrefix("text.") }
    #expect(written.filter { isText($0.key) } == (try contents(source)).filter { isText($0.key) })
    let again = try planned(target, options).model
    #expect(again.layout.name == layout)
    #expect(again.architecture.text == model.architecture.text)
    for format in [ExportFormat.transformers, .bigVision] {
      #expect(throws: ConvertError.self) { try export(description, in: folder, as: format, to: scratch.file("other")) }
    }
  }

  /// Without `--text-heads` nothing is guessed, and nothing is written.
  @Test func headsThatNothingTellsAreAskedFor() throws {
    let source = try Checkpoint.open(checkpoint("hf_roberta"))
    let error = #expect(throws: ConvertError.self) { try identify(source, registry: .builtIn) }
    #expect(error?.description.contains("--text-heads") == true)
  }
}
