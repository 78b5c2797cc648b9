import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooManifests
import ZooModels
import ZooTestSupport

/// A configuration with an unsupported value, corrected as the message says, converts.
@Suite struct ConfigurationRemedyTests {
  /// A folder in Tests, its file with a wrong value, the message, and the file corrected accordingly.
  struct Case: Sendable, CustomTestStringConvertible {
    let folder: String
    let file: String
    /// Pieces of JSON and their replacements.
    let wrong: [String: String]
    let remedy: String
    let right: [String: String]
    var testDescription: String { "\(file): \(remedy)" }
  }

  private static func pictures(
    _ wrong: [String: String], _ remedy: String, _ right: [String: String] = [:]
  ) -> Case {
    Case(
      folder: "Golden/models/clip_gelu/checkpoints/hf", file: "preprocessor_config.json", wrong: wrong, remedy: remedy,
      right: right)
  }

  private static func openCLIP(_ arguments: String, _ remedy: String, _ right: [String: String] = [:]) -> Case {
    let text = "\"text_cfg\": {"
    return Case(
      folder: "Golden/models/clip_gelu/checkpoints/openclip", file: "open_clip_config.json",
      wrong: [text: "\(text)\"tokenizer_kwargs\": {\(arguments)},"], remedy: remedy, right: right)
  }

  private static func timm(_ wrong: [String: String], _ remedy: String, _ right: [String: String] = [:]) -> Case {
    Case(folder: "Cases/timm/plain", file: "config.json", wrong: wrong, remedy: remedy, right: right)
  }

  private static let side = #""size": {"shortest_edge": 32}"#
  private static let sides = #""size": {"height": 32, "width": 32}"#
  private static let crop = #""crop_size": {"height": 32, "width": 32}"#
  private static let crops = #""do_center_crop": true"#
  private static let resizes = #""do_resize": true"#
  private static let filter = #""resample": 3"#

  static let cases = [
    pictures(
      [crop: #""crop_size": 64"#],
      "the model takes pictures of 32x32: correct this value, or image_size in config.json",
      [crop: #""crop_size": 32"#]),
    pictures(
      [#""rescale_factor": 0.00392156862745098"#: #""rescale_factor": 0"#], "it must be a number above zero",
      [#""rescale_factor": 0.00392156862745098"#: #""rescale_factor": 0.01"#]),
    pictures(
      [filter: #""resample": null"#], "state the value, or leave the key out for the default",
      [filter: #""resample": 2"#]),
    pictures(
      [filter + ",": #""resample": null,"#], "state the value, or leave the key out for the default",
      [filter + ",": ""]),
    pictures(
      ["CLIPImageProcessor": "OtherImageProcessor"], "zoo prepares pictures as CLIPImageProcessor",
      ["CLIPImageProcessor": "ViTImageProcessor"]),
    pictures(
      [resizes: #""do_resize": false"#, crops: #""do_center_crop": false"#],
      "without a crop only pictures of one size would fit: set do_resize or do_center_crop to true",
      [resizes: #""do_resize": false"#]),
    pictures(
      [crops: #""do_center_crop": false"#],
      "with a size of one side only square pictures would fit: set it to true, or give size a height and a width"),
    pictures(
      [crops: #""do_center_crop": false"#],
      "with a size of one side only square pictures would fit: set it to true, or give size a height and a width",
      [crops: #""do_center_crop": false"#, side: sides]),
    pictures(
      [filter: filter + #", "use_square_size": true"#], "give size a height and a width in its place", [side: sides]),
    pictures([crop: #""crop_size": {"shortest_edge": 32}"#], "it needs a height and a width"),
    pictures([crop: #""crop_size": null"#], "it needs a crop_size"),
    pictures(
      [side: #""size": {"longest_edge": 32}"#], "zoo resizes to a height and a width, or to a shortest_edge",
      [side: sides]),
    pictures(
      [filter: filter + #", "crop_pct": 0.9"#], "state size and crop_size in its place",
      [side: #""size": {"shortest_edge": 36}"#]),
    openCLIP(
      #""reduction_mask": "random""#, "open_clip then drops tokens of long prompts at random; leave it out to cut them"),
    openCLIP(#""language": "deu_Latn""#, "only NLLB's tokenizers have languages; leave it out"),
    openCLIP(
      #""additional_special_tokens": ["<x>"]"#, "give the tokenizer's files with --tokenizer FOLDER and leave it out"),
    openCLIP(#""bpe_path": "x.gz""#, "give the file with --tokenizer FILE and leave it out"),
    openCLIP(
      #""context_length": 77"#, "state context_length in text_cfg", [#""context_length": 77"#: #""context_length": 77"#]
    ),
    openCLIP(
      #""tokenizer_mode": "clips""#, "state tokenizer_mode in text_cfg",
      [#""text_cfg": {"#: #""text_cfg": {"tokenizer_mode": "clips","#]),
    openCLIP(
      #""clean": "siglip""#, "open_clip has whitespace, lower, canonicalize",
      [#""text_cfg": {"#: #""text_cfg": {"tokenizer_kwargs": {"clean": "canonicalize"},"#]),
    timm([#""input_size": [3, 32, 32]"#: #""input_size": [1, 32, 32]"#], "it must be [3, height, width]"),
    timm(
      [#""crop_pct": 1.0"#: #""crop_pct": 0"#], "it must be a share of the picture",
      [#""crop_pct": 1.0"#: #""crop_pct": 0.9"#]),
    timm(
      [#""crop_mode": "center""#: #""crop_mode": "border""#, #""mean": [0.5, 0.5, 0.5]"#: #""mean": [0.5, 0.4, 0.5]"#],
      "zoo fills borders in one shade, and its mean has several; use center or squash",
      [#""crop_mode": "center""#: #""crop_mode": "squash""#, #""mean": [0.5, 0.5, 0.5]"#: #""mean": [0.5, 0.4, 0.5]"#]),
  ]

  /// The folder with its file changed. The JSON is rewritten in a canonical form.
  private func identified(_ place: Case, _ changes: [String: String]) throws -> IdentifiedModel {
    let scratch = try ScratchFolder()
    let source = Golden.repository.appending(path: "Tests/\(place.folder)")
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name != place.file {
      try FileManager.default.copyItem(atPath: source.appending(path: name).path, toPath: scratch.file(name))
    }
    var text = try String(contentsOf: source.appending(path: place.file), encoding: .utf8)
    text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for (loose, tight) in ["{ ": "{", " }": "}", "[ ": "[", " ]": "]"] { text = text.replacing(loose, with: tight) }
    for (old, new) in changes {
      try #require(text.contains(old), "\(old) is not in \(text)")
      text = text.replacing(old, with: new)
    }
    try Data(text.utf8).write(to: URL(filePath: scratch.file(place.file)))
    return try identify(Checkpoint.open(scratch.path), registry: .builtIn)
  }

  @Test(arguments: cases) func aCorrectedFileConverts(_ place: Case) throws {
    let error = #expect(throws: ConvertError.self) { try identified(place, place.wrong) }
    guard case .unusableValue(_, _, _, let remedy)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(remedy.hasPrefix(place.remedy), "\(remedy)")
    _ = try identified(place, place.right)
  }
}
