import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooModels
import ZooTestSupport
import ZooText

/// Tokenizers beside a checkpoint, as people save and rename them.
@Suite struct TokenizerCasesTests {
  static let folder = Golden.cases.appending(path: "tokenizers").path

  /// The checkpoint of `clip_gelu` in Hugging Face's layout, with its own tokenizer (1,024 ids, as many as the table has rows) replaced.
  private func identified(
    tokenizer: String? = nil, config: [String: String] = [:], files: [String: String] = [:],
    _ options: ConversionOptions = ConversionOptions()
  ) throws -> IdentifiedModel {
    let scratch = try ScratchFolder()
    let source = golden("clip_gelu/checkpoints/hf")
    for name in ["model.safetensors", "config.json", "preprocessor_config.json"] {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: scratch.file(name))
    }
    if !config.isEmpty {
      var text = try String(contentsOfFile: scratch.file("config.json"), encoding: .utf8)
      for (old, new) in config { text = text.replacing(old, with: new) }
      try FileManager.default.removeItem(atPath: scratch.file("config.json"))
      try Data(text.utf8).write(to: URL(filePath: scratch.file("config.json")))
    }
    if let tokenizer {
      let place = "\(Self.folder)/\(tokenizer)"
      for name in try FileManager.default.contentsOfDirectory(atPath: place) {
        try FileManager.default.copyItem(atPath: "\(place)/\(name)", toPath: scratch.file(name))
      }
    }
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: scratch.file(name))) }
    return try identify(Checkpoint.open(scratch.file("model.safetensors")), options: options, registry: .builtIn)
  }

  private func names(_ model: IdentifiedModel) -> [String] { model.tokenizerFiles.map(\.name) }

  @Test func aPlainOneIsCopiedAsBefore() throws {
    let model = try identified(tokenizer: "plain")
    #expect(names(model) == ["vocab.json", "merges.txt"])
    #expect(
      model.architecture.text?.tokenizer
        == TokenizerSpec(kind: .clipHF, contextLength: 77, clean: TokenizerSpec.Clean.none))
    #expect(model.notes == [])
  }

  @Test func anOpenCLIPLayoutStaysWithOpenCLIP() throws {
    let scratch = try ScratchFolder()
    try scratch.copy(
      "models/clip_gelu/checkpoints/openclip/open_clip_model.safetensors",
      "models/clip_gelu/checkpoints/openclip/open_clip_config.json", "tokenizers/clip_tiny/vocab.json",
      "tokenizers/clip_tiny/merges.txt")
    let model = try planned(scratch.file("open_clip_model.safetensors")).model
    #expect(names(model) == ["vocab.json", "merges.txt"])
    #expect(model.architecture.text?.tokenizer == TokenizerSpec(kind: .clipBPE, contextLength: 77))
  }

  @Test func addedTokensBeyondTheTableAreNoted() throws {
    let model = try identified(tokenizer: "saved")
    #expect(names(model) == ["tokenizer.json", "tokenizer_config.json"])
    #expect(
      model.notes == [
        "The tokenizer has 1028 ids and the embedding table 1024 rows: prompts that need the others are refused."
      ])
  }

  @Test func itsOwnTokensPoolAndCut() throws {
    // 2 as eos_token_id means the largest id in transformers; this vocabulary's end-of-text id is 1.
    #expect {
      try identified(tokenizer: "own", config: ["\"eos_token_id\": 1023": "\"eos_token_id\": 7"])
    } throws: {
      "\($0)".contains("prompts are pooled at the id 7, which this tokenizer does not put at the end of a text")
    }
    let model = try identified(tokenizer: "own", config: ["\"eos_token_id\": 1023": "\"eos_token_id\": 1"])
    #expect(model.architecture.text?.pooling == .endOfText(id: 1))
    #expect(model.architecture.text?.tokenizer.maxTokens == 12 && model.architecture.text?.tokenizer.padID == 1)
    #expect(model.notes == ["Prompts are cut at 12 tokens (model_max_length), not at 77."])
    let largest = try identified(tokenizer: "own", config: ["\"eos_token_id\": 1023": "\"eos_token_id\": 2"])
    #expect(
      largest.notes.contains { $0.contains("pooled at the largest id, and some are larger than the end of a text (1)") }
    )
  }

  /// transformers 5.24 pads on the left if `tokenizer.json` says so and `tokenizer_config.json` names no side.
  @Test func sidesOtherThanTheRightAreRefused() throws {
    let saved = try String(contentsOfFile: "\(Self.folder)/saved/tokenizer.json", encoding: .utf8)
    for key in ["padding", "truncation"] {
      let left = saved.replacing("\"\(key)\": null", with: "\"\(key)\": {\"direction\": \"Left\"}")
      let error = #expect(throws: ConvertError.self) { try identified(files: ["tokenizer.json": left]) }
      let remedy = "zoo fills prompts up and cuts them at the right"
      #expect(
        error?.description.hasSuffix(
          "tokenizer.json cannot be used: '\(key).direction' is \"Left\", which cannot be honoured; \(remedy)") == true,
        "\(String(describing: error))")
      let config = "{\"tokenizer_class\": \"CLIPTokenizer\", \"\(key)_side\": \"SIDE\"}"
      let stated = ["tokenizer.json": left, "tokenizer_config.json": config.replacing("SIDE", with: "right")]
      #expect(try names(identified(files: stated)).first == "tokenizer.json")
      #expect(throws: ConvertError.self) {
        try identified(files: [
          "tokenizer.json": saved, "tokenizer_config.json": config.replacing("SIDE", with: "left"),
        ])
      }
    }
  }

  /// Only transformers' tokenizer truncates at `model_max_length`; its processors truncate at `max_length` or as the file specifies.
  @Test func aLengthThatProcessorsCutAtIsNoted() throws {
    let saved = try String(contentsOfFile: "\(Self.folder)/saved/tokenizer.json", encoding: .utf8)
    let cut = saved.replacing(
      "\"truncation\": null", with: "\"truncation\": {\"direction\": \"Right\", \"max_length\": 20}")
    let config = #"{"tokenizer_class": "CLIPTokenizer", "max_length": LENGTH}"#
    for (files, length) in [
      (["tokenizer.json": cut], 20), (["tokenizer.json": saved, "tokenizer_config.json": config], 12),
    ] {
      let model = try identified(files: files.mapValues { $0.replacing("LENGTH", with: "12") })
      #expect(model.notes.contains { $0.contains("cuts them at \(length) (") }, "\(model.notes)")
    }
    let long = ["tokenizer.json": saved, "tokenizer_config.json": config.replacing("LENGTH", with: "77")]
    #expect(try !identified(files: long).notes.contains { $0.contains("cuts them at") })
  }

  /// CLIP's padding has the end-of-text id: a tokenizer that ends a text with a different token, or with none, does not belong to its tower.
  @Test func paddingIsNoEndOfAText() throws {
    let saved = try String(contentsOfFile: "\(Self.folder)/saved/tokenizer.json", encoding: .utf8)
    let config = try String(contentsOfFile: "\(Self.folder)/saved/tokenizer_config.json", encoding: .utf8)
    let files = [
      "tokenizer.json": saved,
      "tokenizer_config.json": config.replacing(
        "\"eos_token\": \"<|endoftext|>\"", with: "\"eos_token\": \"!\""),
    ]
    let error = #expect(throws: ConvertError.self) {
      try identified(config: ["\"eos_token_id\": 1023": "\"eos_token_id\": 1023"], files: files)
    }
    #expect(error?.description.contains("prompts are pooled at the id") == true, "\(String(describing: error))")
  }

  /// transformers hides the padding from SigLIP's text tower unless the tokenizer omits the attention mask.
  @Test func paddingThatTransformersHidesIsNoted() throws {
    let scratch = try ScratchFolder()
    try FileManager.default.removeItem(atPath: scratch.path)
    try FileManager.default.copyItem(atPath: golden("siglip/checkpoints/hf"), toPath: scratch.path)
    let path = scratch.file("tokenizer_config.json")
    let config = try String(contentsOfFile: path, encoding: .utf8)
    for (names, isNoted) in [(#"["input_ids"]"#, false), (#"["input_ids", "attention_mask"]"#, true), ("", true)] {
      let stated = names.isEmpty ? "{" : "{\"model_input_names\": \(names),"
      try Data(("\(stated)" + config.drop { $0 != "{" }.dropFirst()).utf8).write(to: URL(filePath: path))
      let model = try planned(scratch.file("model.safetensors")).model
      #expect(
        model.notes.contains { $0.contains("sees the padding of a prompt") } == isNoted, "\(names): \(model.notes)")
    }
  }

  // MARK: Classes

  private static func json(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }

  /// transformers 5.24 encodes `a photo of a cat` as 1022 64 220 816 580 ... with this class, and as 1022 320 816 531 ... with CLIP's.
  @Test(arguments: ["GPT2Tokenizer", "GPT2TokenizerFast", "RobertaTokenizer", "BertTokenizer", "Qwen2Tokenizer"])
  func aClassThatMakesOtherTokensThanTheFileIsRefused(_ name: String) throws {
    let config = "{\"tokenizer_class\": \"\(name)\"}", plain = name.replacing("Fast", with: "")
    let written: [(files: [String: String], reason: String)] = [
      (
        ["tokenizer.json": try Self.json("saved/tokenizer.json")],
        "with it transformers makes other tokens than tokenizer.json says: write PreTrainedTokenizerFast if tokenizer.json is "
          + "right, or the class that the model was trained with, such as CLIPTokenizer"
      ),
      (
        ["vocab.json": try Self.json("plain/vocab.json"), "merges.txt": try Self.json("plain/merges.txt")],
        "zoo runs such a tokenizer by its tokenizer.json alone, which is not there: write the class that the model was "
          + "trained with, such as CLIPTokenizer"
      ),
    ]
    for (files, reason) in written {
      let error = #expect(throws: ConvertError.self) {
        try identified(files: files.merging(["tokenizer_config.json": config]) { $1 })
      }
      let sentence = "'tokenizer_class' is '\(plain)', which cannot be honoured; \(reason)"
      #expect(error?.description.hasSuffix(sentence) == true, "\(String(describing: error))")
      // The model's own configuration decides if the tokenizer's does not say.
      #expect(throws: ConvertError.self) {
        try identified(
          config: ["\"model_type\": \"clip\"": "\"model_type\": \"clip\", \"tokenizer_class\": \"\(name)\""],
          files: files)
      }
    }
  }

  @Test(arguments: ["PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend"])
  func aClassWithoutAWayOfItsOwnRunsTheFile(_ name: String) throws {
    let config = ["tokenizer_config.json": "{\"tokenizer_class\": \"\(name)\", \"pad_token\": \"<|endoftext|>\"}"]
    let model = try identified(
      files: config.merging(["tokenizer.json": try Self.json("saved/tokenizer.json")]) { $1 })
    #expect(model.architecture.text?.tokenizer.kind == .tokenizerJSON && names(model) == ["tokenizer.json"])
    // transformers has nothing to run either.
    #expect(throws: ConvertError.self) {
      try identified(
        files: config.merging([
          "vocab.json": try Self.json("plain/vocab.json"), "merges.txt": try Self.json("plain/merges.txt"),
        ]) { $1 })
    }
  }

  /// Files saved by `GPT2Tokenizer` of transformers 5.24 for CLIP's vocabulary; the ids are in `CLIPCasesTests`.
  @Test func aClassThatTheFileAgreesWithIsRun() throws {
    let model = try identified(tokenizer: "gpt2")
    #expect(model.architecture.text?.tokenizer.kind == .tokenizerJSON && names(model) == ["tokenizer.json"])
    #expect(throws: ConvertError.self) {
      try identified(files: [
        "tokenizer.json": Self.json("gpt2/tokenizer.json"),
        "tokenizer_config.json": #"{"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true}"#,
      ])
    }
  }

  /// transformers 5.24 encodes "a\tb  c\nd" as 0 8 4 3 4 27 4 22 2 with this class, and as 0 8 3 4 4 27 3 22 2 by the file alone.
  @Test func aClassThatCutsAtWhiteSpaceFirstIsRefusedWhereTheFileDoesNot() throws {
    let place = Golden.cases.appending(path: "metaclip_2").path
    let metaspace = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#
    func identified(_ name: String, splits: Bool = false) throws -> IdentifiedModel {
      let scratch = try ScratchFolder()
      for file in ["model.safetensors", "config.json", "processor_config.json"] {
        try FileManager.default.copyItem(atPath: "\(place)/\(file)", toPath: scratch.file(file))
      }
      let config = try String(contentsOfFile: "\(place)/tokenizer_config.json", encoding: .utf8)
      try Data(config.replacing("TokenizersBackend", with: name).utf8)
        .write(to: URL(filePath: scratch.file("tokenizer_config.json")))
      let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(place)/tokenizer.json")))
      var object = try #require(json as? [String: Any])
      let steps =
        splits ? #"{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, \#(metaspace)]}"# : metaspace
      object["pre_tokenizer"] = try JSONSerialization.jsonObject(with: Data(steps.utf8))
      try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: scratch.file("tokenizer.json")))
      return try identify(Checkpoint.open(scratch.path), registry: .builtIn)
    }
    #expect(try names(identified("TokenizersBackend")) == ["tokenizer.json"])
    #expect(throws: ConvertError.self) { try identified("XLMRobertaTokenizer") }
    #expect(try names(identified("XLMRobertaTokenizer", splits: true)) == ["tokenizer.json"])
  }

  @Test func towersOfMetaCLIP2AreHalvesOfIt() throws {
    let place = Golden.cases.appending(path: "metaclip_2").path
    let whole = try identify(Checkpoint.open(place), registry: .builtIn).architecture
    let config = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(place)/config.json")))
    for (part, prefixes) in [
      ("vision", ["vision_model.", "visual_projection."]), ("text", ["text_model.", "text_projection."]),
    ] {
      let scratch = try ScratchFolder()
      try rewrite("\(place)/model.safetensors", to: scratch.file("model.safetensors")) { name in
        prefixes.contains { name.hasPrefix($0) } ? name : nil
      }
      let tower = try #require((config as? [String: Any])?["\(part)_config"])
      try JSONSerialization.data(withJSONObject: tower).write(to: URL(filePath: scratch.file("config.json")))
      try FileManager.default.copyItem(
        atPath: "\(place)/processor_config.json", toPath: scratch.file("processor_config.json"))
      let half = try identify(Checkpoint.open(scratch.file("model.safetensors")), registry: .builtIn).architecture
      #expect(part == "vision" ? half.vision == whole.vision : half.text?.pooling == whole.text?.pooling)
      #expect(part == "vision" || half.text?.blocks == whole.text?.blocks)
      #expect(half.embedding == whole.embedding)
    }
  }

  @Test func withoutOneANoteSaysSo() throws {
    let model = try identified()
    #expect(names(model) == [])
    #expect(model.notes.count == 1 && model.notes[0].hasSuffix("without them the model takes no text."))
    let broken = try identified(files: [
      "tokenizer.json": "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\"}}"
    ])
    #expect(names(broken) == [])
    #expect(
      broken.notes == [
        "The tokenizer beside the weights cannot be used (tokenizer.json, model: it has no \"vocab\"): "
          + "without one the model takes no text."
      ])
  }

  /// A table of CLIP's size does not tell what its rows mean: transformers has no tokenizer either.
  @Test func itsSizeAloneMakesNoVocabularyCLIPs() throws {
    let scratch = try ScratchFolder()
    let clip = try #require(Registry.builtIn.manifest("ViT-B-32")).architecture
    let layout = try #require(CheckpointLayout.named("transformers-clip"))
    let checkpoint = try sparseCheckpoint(scratch, "model.safetensors", layout.sourceTensors(of: clip))
    let config =
      #"{"model_type": "clip", "projection_dim": 512, "text_config": {"hidden_act": "gelu"}, "vision_config": {"hidden_act": "gelu"}}"#
    try Data(config.utf8).write(to: URL(filePath: scratch.file("config.json")))
    func found() throws -> (files: [String], notes: [String]) {
      let model = try identify(checkpoint, registry: .builtIn)
      return (names(model), model.notes.filter { $0.contains("okenizer") })
    }
    let own = try found()
    #expect(own.files == ["bpe_simple_vocab_16e6.txt.gz"])
    #expect(
      own.notes.count == 1 && own.notes[0].contains("CLIP's own vocabulary, which has as many tokens"), "\(own.notes)")
    // A file that cannot be read is not assumed to be CLIP's.
    try Data(#"{"a": 0, "b": 1}"#.utf8).write(to: URL(filePath: scratch.file("vocab.json")))
    try Data("#version: 0.2\na b\n".utf8).write(to: URL(filePath: scratch.file("merges.txt")))
    let other = try found()
    #expect(other.files == [] && other.notes.last?.contains("without one the model takes no text") == true, "\(other)")
  }

  @Test func oneThatTheCallerNamesMustBeReadable() throws {
    var options = ConversionOptions()
    for place in ["\(Self.folder)/nowhere", golden("vit_classifier")] {
      options.tokenizer = place
      #expect(throws: (any Error).self) { try identified(options) }
    }
    let forms = [
      "\(Self.folder)/plain": ["vocab.json", "merges.txt"],
      "\(Self.folder)/plain/merges.txt": ["vocab.json", "merges.txt"],
      "\(Self.folder)/own/tokenizer.json": ["tokenizer.json", "tokenizer_config.json"],
      Golden.url("tokenizers/clip_tiny").path: ["bpe_simple_vocab_tiny.txt.gz"],
      Golden.url("tokenizers/clip_tiny/tokenizer.json").path: ["tokenizer.json"],
      Golden.url("tokenizers/siglip_tiny/spiece.model").path: ["spiece.model"],
      Golden.url("tokenizers/gemma_tiny/tokenizer.model").path: ["tokenizer.model"],
    ]
    for (place, files) in forms {
      options.tokenizer = place
      let config = files.contains { $0.hasSuffix(".model") } || place.contains("own")
      // The other vocabularies end a text with other ids, which pooling at the largest id does not reject.
      let model = try identified(config: config ? ["\"eos_token_id\": 1023": "\"eos_token_id\": 2"] : [:], options)
      #expect(names(model) == files, "\(place)")
    }
  }

  @Test(arguments: [ExportFormat.transformers, .openCLIP])
  func addedTokensComeBackFromAnExport(_ format: ExportFormat) throws {
    let scratch = try ScratchFolder()
    let conversion = try planned("\(Self.folder)/clip_added_tokens")
    let model = conversion.model
    let description = try conversion.write(to: scratch.file("model"))
    let spec = try #require(description.architecture.text?.tokenizer)
    #expect(spec.kind == .clipHF && spec.padID == 1023)
    let target = scratch.file("export")
    let report = try export(description, in: scratch.file("model"), as: format, to: target)
    #expect(report.notes.contains { $0.hasPrefix("open_clip repairs prompts") } == (format == .openCLIP))
    let back = try planned(target).model
    #expect(names(back) == ["tokenizer.json", "tokenizer_config.json"])
    #expect(back.architecture.text?.tokenizer.kind == .clipHF)
    #expect(back.architecture.text?.pooling == .endOfText(id: 1023))
    if format == .transformers { #expect(back.architecture.text?.tokenizer == spec) }
    for name in names(back) {
      let files = ["\(Self.folder)/clip_added_tokens/\(name)", "\(target)/\(name)"].map {
        FileManager.default.contents(atPath: $0)
      }
      #expect(files[0] == files[1])
    }
  }

  /// `tokenizer_mode: "clips"` of open_clip 3.3.
  @Test func clipsStandsItsTokensAroundAText() throws {
    struct File: Decodable {
      struct Clips: Decodable { let strings: [String], ids: [[Int32]] }
      let open_clip_clips: Clips
    }
    let file = try JSONDecoder().decode(
      File.self, from: Data(contentsOf: URL(filePath: "\(Self.folder)/ids.json"))
    ).open_clip_clips
    let scratch = try ScratchFolder()
    let source = golden("clip_gelu/checkpoints/openclip")
    try FileManager.default.copyItem(
      atPath: "\(source)/open_clip_model.safetensors", toPath: scratch.file("open_clip_model.safetensors"))
    let config = try String(contentsOfFile: "\(source)/open_clip_config.json", encoding: .utf8)
    let own = #""text_cfg": {"hf_tokenizer_name": "a/b", "tokenizer_mode": "clips", "#
    try Data(config.replacing(#""text_cfg": {"#, with: own).utf8).write(
      to: URL(filePath: scratch.file("open_clip_config.json")))
    for name in ["vocab.txt", "tokenizer_config.json"] {
      try FileManager.default.copyItem(atPath: "\(Self.folder)/clips/\(name)", toPath: scratch.file(name))
    }
    let model = try planned(scratch.file("open_clip_model.safetensors")).model
    #expect(names(model) == ["vocab.txt", "tokenizer_config.json"])
    var spec = try #require(model.architecture.text?.tokenizer)
    #expect(spec.frame == .clips && spec.classID == 4 && spec.bosID == 1 && spec.eosID == 2 && spec.padID == 0)
    spec.contextLength = 12
    let tokenizer = try loadTokenizer(spec, from: URL(filePath: scratch.path, directoryHint: .isDirectory))
    #expect(file.strings.map(tokenizer.encode) == file.ids)
  }
}
