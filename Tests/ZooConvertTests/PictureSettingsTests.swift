import Foundation
import Testing
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// Where preprocessing settings come from, and which are rejected.
@Suite struct PictureSettingsTests {
  private func settings(_ json: String, image: Int = 32) throws -> Preprocessing {
    try manifestDecoder().decode(TransformersPreprocessor.self, from: Data(json.utf8))
      .preprocessing(image: GridSize(square: image), defaults: .clip, file: "preprocessor_config.json")
  }

  /// A Hugging Face checkpoint with settings of its own.
  private func checkpoint(_ scratch: ScratchFolder, _ files: [String: String]) throws -> String {
    let folder = "models/clip_gelu/checkpoints/hf"
    try scratch.copy("\(folder)/model.safetensors", "\(folder)/config.json")
    for (name, json) in files { try Data(json.utf8).write(to: URL(filePath: scratch.file(name))) }
    return scratch.file("model.safetensors")
  }

  @Test func theProcessorOfTransformers5WinsAsItDoesThere() throws {
    let scratch = try ScratchFolder()
    let nested = #"{"image_processor": {"resample": 2, "crop_size": 32, "size": 40, "odd": 1}, "processor_class": "X"}"#
    let other = #"{"resample": 0, "crop_size": 32, "size": 32}"#
    let path = try checkpoint(scratch, ["processor_config.json": nested, "preprocessor_config.json": other])
    let model = try planned(path).model
    #expect(model.preprocessing?.interpolation == .bilinear && model.preprocessing?.resizeSize == GridSize(square: 40))
    #expect(model.preprocessing?.convention == .transformers)
    #expect(
      withoutTokenizerNotes(model.notes) == [
        "processor_config.json: 'image_processor.odd' = 1 is not known to zoo, which ignores it."
      ])
    // transformers 4 wrote a processor_config.json without preprocessing settings.
    try Data(#"{"processor_class": "CLIPProcessor"}"#.utf8).write(
      to: URL(filePath: scratch.file("processor_config.json")))
    #expect(try planned(path).model.preprocessing?.interpolation == .nearest)
  }

  @Test(arguments: [
    (#"{"size": 64, "crop_size": 64}"#, "'crop_size' is 64x64", "the model takes pictures of 32x32"),
    (#"{"size": {"height": 8, "width": 8}, "do_center_crop": false}"#, "'size' is 8x8", "pictures of 32x32"),
    (
      #"{"size": {"shortest_edge": 32, "longest_edge": 64}}"#, "'size' is {shortest_edge, longest_edge}",
      "a shortest_edge"
    ),
    (#"{"do_center_crop": false}"#, "'do_center_crop' is false", "only square pictures would fit"),
    (#"{"do_resize": false, "do_center_crop": null}"#, "'do_resize' is false", "set do_resize or do_center_crop"),
    (#"{"crop_size": null}"#, "'do_center_crop' is true", "it needs a crop_size"),
    (#"{"size": 32, "crop_size": 32, "resample": null}"#, "'resample' is null", "leave the key out"),
    (#"{"size": 32, "crop_size": 32, "rescale_factor": 0}"#, "'rescale_factor' is 0.0", "above zero"),
    (
      #"{"image_processor_type": "ConvNextImageProcessor"}"#, "'image_processor_type' is 'ConvNextImageProcessor'",
      "as CLIPImageProcessor, "
    ),
    (#"{"use_square_size": true}"#, "'use_square_size' is true", "a height and a width"),
  ])
  func whatCannotBeHonouredIsRefused(json: String, fact: String, remedy: String) throws {
    let error = #expect(throws: ConvertError.self) { try settings(json) }
    let text = error?.description ?? ""
    #expect(
      text.hasPrefix("preprocessor_config.json cannot be used: \(fact), which cannot be honoured; ")
        && text.contains(remedy), "\(text)")
  }

  @Test(arguments: ["true", "1.5", #""none""#, "-4", "6", #"{"a": 1}"#, "[1,2,3]", "99999999999999999999"])
  func settingsOfAWrongKindAreErrors(value: String) throws {
    for key in ["size", "crop_size", "resample"] {
      #expect(throws: (any Error).self, "\(key) \(value)") { try settings("{\"\(key)\": \(value)}") }
    }
  }

  /// If no file says so, a note says what the model's class does.
  @Test func withoutSettingsANoteSaysHowPicturesArePrepared() throws {
    let scratch = try ScratchFolder()
    let model = try planned(try checkpoint(scratch, [:])).model
    #expect(
      model.notes.contains {
        $0.hasPrefix(
          "There is no preprocessor_config.json beside config.json: pictures are prepared as the model's class does it (32x32"
        )
      }, "\(model.notes)")
    // DeiT resizes to 256 and crops to 224: in proportion for other sizes.
    let deit = try TransformersPreprocessor().preprocessing(
      image: GridSize(square: 384), defaults: ImageProcessorDefaults.deit.scaled(to: GridSize(square: 384)), file: "")
    #expect(
      deit.resizeSize == GridSize(square: 439) && deit.size == GridSize(square: 384) && deit.resizeMode == .squash)
    let clip = ImageProcessorDefaults.clip.scaled(to: GridSize(square: 336))
    #expect(clip.size == .shortestEdge(336) && clip.crop == GridSize(square: 336))
  }

  /// transformers 5.24 resizes bilinearly whatever the word is, which cannot have been the intention.
  @Test func filtersAreNumbers() throws {
    let error = #expect(throws: DecodingError.self) {
      try settings(#"{"size": 32, "crop_size": 32, "resample": "bicubic"}"#)
    }
    guard case .dataCorrupted(let context)? = error else { throw try #require(error) }
    #expect(
      context.debugDescription == "transformers takes any word for bilinear: write Pillow's number (3 for bicubic)")
    #expect(try settings(#"{"size": 32, "crop_size": 32, "resample": 3}"#).interpolation == .bicubic)
  }

  @Test func theLayoutSaysWhoseRulesPicturesFollow() throws {
    let openCLIP = try planned(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")).model
    #expect(openCLIP.preprocessing?.convention == .openCLIP)
    let text = String(decoding: try manifestEncoder().encode(openCLIP.preprocessing), as: UTF8.self)
    // An open_clip model is described as before.
    #expect(!text.contains("convention") && !text.contains("rescale_factor") && !text.contains("resize_size"))
  }

  /// Exporters refuse what they cannot express.
  @Test func exportsSayHowPicturesArePreparedOrRefuse() throws {
    let size = GridSize(square: 32)
    let odd = [
      Preprocessing(size: size, resizeSize: GridSize(square: 40)), Preprocessing(size: size, rescaleFactor: 1),
      Preprocessing(size: size, resizeMode: .keep), Preprocessing(size: size, interpolation: .lanczos),
    ]
    for preprocessing in odd {
      #expect(ExportFormat.openCLIP.obstacle(to: preprocessing) != nil)
      #expect(ExportFormat.transformers.obstacle(to: preprocessing) == nil)
    }
    let scratch = try ScratchFolder()
    let path = try checkpoint(scratch, ["preprocessor_config.json": #"{"size": 40, "crop_size": 32}"#])
    let model = try converted(path, in: scratch)
    let folder = try #require(scratch.contents.first { scratch.isFolder($0) })
    let error = #expect(throws: ConvertError.self) {
      try export(model.description, in: scratch.file(folder), as: .openCLIP, to: scratch.file("out"))
    }
    #expect(error?.description.contains("not resized to the size of the crop; '") == true, "\(error as Any)")
    #expect(!scratch.contents.contains("out"))
    try export(
      model.description, in: scratch.file(folder), as: .openCLIP, to: scratch.file("out.safetensors"))
  }

  @Test func metaCLIP2EndsTextsWithItsOwnID() throws {
    let file = #"{"model_type": "KIND", "text_config": {"eos_token_id": 2, "vocab_size": 901629}}"#
    for (kind, pooling) in [("metaclip_2", TextPooling.endOfText(id: 2)), ("clip", .argmax)] {
      let json = file.replacing("KIND", with: kind)
      let config = try manifestDecoder().decode(TransformersFile.self, from: Data(json.utf8))
      let made = try config.configuration(file: "config.json", settings: nil)
      #expect(
        made.text?.pooling == pooling && made.text?.tokenizer.kind == (kind == "clip" ? .clipBPE : .tokenizerJSON))
    }
  }
}
