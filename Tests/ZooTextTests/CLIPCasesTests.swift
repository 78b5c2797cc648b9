import Foundation
import Testing
import ZooModels
import ZooTestSupport
import ZooText

/// CLIP tokenizers as people save them, compared with the ids of transformers' `AutoTokenizer`.
@Suite struct CLIPCasesTests {
  private let noCleaning = TokenizerSpec.Clean.none
  static let folder = Golden.cases.appending(path: "tokenizers")

  struct File: Decodable {
    struct Case: Decodable { let start, end, pad, size: Int, ids: [[Int32]], ids12: [[Int32]] }
    let strings: [String]
    struct Simple: Decodable { let strings: [String], whitespace: [[Int32]], canonicalize: [[Int32]] }
    let cases: [String: Case]
    let openClipSimple: Simple
    let gpt2: [[Int32]]
  }

  private static let decoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }()

  static let file = Result {
    try decoder.decode(File.self, from: Data(contentsOf: folder.appending(path: "ids.json")))
  }

  @Test(arguments: ["saved", "legacy", "pad", "decoder", "own", "bare", "plain"])
  func everyString(_ name: String) throws {
    let file = try Self.file.get(), want = try #require(file.cases[name])
    #expect(file.strings.count > 300)
    let folder = Self.folder.appending(path: name)
    let long = try load(.clipHF, folder, context: 4096, pad: want.pad, clean: noCleaning)
    #expect(long.vocabularySize == want.size)
    let padded = want.ids.map { $0 + [Int32](repeating: Int32(want.pad), count: 4096 - $0.count) }
    #expect(differing(file.strings, file.strings.map(long.encode), padded) == [])
    let short = try load(.clipHF, folder, context: 12, pad: want.pad, clean: noCleaning)
    #expect(differing(file.strings, file.strings.map(short.encode), want.ids12) == [])
    let spec = TokenizerSpec(
      kind: .clipHF, contextLength: 20, padID: want.pad, clean: noCleaning, maxTokens: 12)
    let cut = try loadTokenizer(spec, from: folder)
    let tail = [Int32](repeating: Int32(want.pad), count: 8)
    #expect(differing(file.strings, file.strings.map(cut.encode), want.ids12.map { $0 + tail }) == [])
  }

  @Test(arguments: ["saved", "legacy", "pad", "decoder", "own", "bare", "plain"])
  func surveys(_ name: String) throws {
    let want = try #require(try Self.file.get().cases[name])
    let survey = try #require(try CLIPSurvey(Self.folder.appending(path: name)))
    #expect(survey.padID == want.pad)
    #expect(survey.isPlain == (name == "plain"))
    #expect(survey.hasNewTokens == (name != "plain" && name != "own" && name != "pad"))
    #expect(survey.differing.isEmpty && survey.unreadable.isEmpty && !survey.isStandard)
    let settings = ["tokenizer_config.json"]
    let files: [String: [String]] = [
      "saved": ["tokenizer.json"] + settings, "own": ["tokenizer.json"] + settings,
      "plain": ["vocab.json", "merges.txt"],
      "legacy": ["vocab.json", "merges.txt"] + settings + ["special_tokens_map.json", "added_tokens.json"],
      "decoder": ["vocab.json", "merges.txt"] + settings + ["added_tokens.json"],
    ]
    #expect(survey.files == files[name] ?? ["vocab.json", "merges.txt"] + settings)
  }

  /// A class that splits texts differently; its saved files say so.
  @Test func theSameVocabularyAsGPT2TokenizerRunsIt() throws {
    let file = try Self.file.get()
    let tokenizer = try load(
      .tokenizerJSON, Self.folder.appending(path: "gpt2"), context: 4096, pad: 1023, clean: noCleaning)
    let padded = file.gpt2.map { $0 + [Int32](repeating: 1023, count: 4096 - $0.count) }
    #expect(differing(file.strings, file.strings.map(tokenizer.encode), padded) == [])
  }

  @Test func theFileOfTheBuildIsStandardInEveryForm() throws {
    let files = try CLIPVocabularyFile.huggingFaceFiles(
      of: fullCLIPFolder.appending(path: "bpe_simple_vocab_16e6.txt.gz"))
    let survey = try withFolder(["vocab.json": [UInt8](files.vocabulary), "merges.txt": [UInt8](files.merges)]) {
      try CLIPSurvey($0)
    }
    #expect(survey?.isStandard == true && survey?.files == ["vocab.json", "merges.txt"])
    #expect(try CLIPSurvey(fullCLIPFolder)?.isStandard == true)
    #expect(try CLIPSurvey(siglipExampleFolder.deletingLastPathComponent()) == nil)
  }

  @Test func tokenizerJSONWinsOverAnotherVocabulary() throws {
    func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: Self.folder.appending(path: path))) }
    let files = [
      "tokenizer.json": try bytes("own/tokenizer.json"), "vocab.json": try bytes("plain/vocab.json"),
      "merges.txt": try bytes("plain/merges.txt"), "tokenizer_config.json": try bytes("own/tokenizer_config.json"),
    ]
    let survey = try #require(try withFolder(files) { try CLIPSurvey($0) })
    #expect(survey.chosen == ["tokenizer.json"] && survey.differing == [["vocab.json", "merges.txt"]])
  }

  @Test func anIDThatIsNotFreeIsRefused() throws {
    let bytes = try ["vocab.json", "merges.txt"].map { try Golden.bytes("tokenizers/clip_tiny/\($0)") }
    let files = ["vocab.json": bytes[0], "merges.txt": bytes[1], "added_tokens.json": [UInt8](#"{"<x>": 5000}"#.utf8)]
    #expect {
      try withFolder(files) { try load(.clipHF, $0, clean: noCleaning) }
    } throws: {
      "\($0)" == "the added tokens, \"<x>\": its id is 5000, but the next free id of the vocabulary is 1024"
    }
  }

  /// Older expected ids, from another version of the library, with the vocabulary in each of its files.
  @Test(arguments: ["bpe_simple_vocab_tiny.txt.gz", "vocab.json", "tokenizer.json"])
  func everyFileGivesTheSameIDs(_ name: String) throws {
    let golden = try GoldenStrings("tokenizers/clip_tiny.json")
    let names = name == "vocab.json" ? [name, "merges.txt"] : [name]
    let bytes = try names.map { try Golden.bytes("tokenizers/clip_tiny/\($0)") }
    let tokenizers = try withFolder(Dictionary(uniqueKeysWithValues: zip(names, bytes))) { folder in
      [try load(.clipHF, folder, clean: noCleaning), try load(.clipBPE, folder)]
    }
    let transformers = golden.strings.map { [1022] + tokenizers[0].pieces($0) + [1023] }
    #expect(differing(golden.strings, transformers, try golden.ids("hf_tokenizer_json_ids")) == [])
    let openCLIP = golden.strings.map(tokenizers[1].pieces)
    #expect(differing(golden.strings, openCLIP, try golden.ids("ids_without_specials")) == [])
  }

  /// open_clip's `SimpleTokenizer` ignores case in contractions and in its special tokens, which matters if the text keeps its case.
  @Test func otherWaysToClean() throws {
    let want = try Self.file.get().openClipSimple
    for (clean, ids) in [(TokenizerSpec.Clean.whitespace, want.whitespace), (.canonicalize, want.canonicalize)] {
      let tokenizer = try load(.clipBPE, fullCLIPFolder, context: 20, clean: clean)
      #expect(differing(want.strings, want.strings.map(tokenizer.encode), ids) == [])
    }
  }
}
