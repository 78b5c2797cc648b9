import Foundation
import Testing
import ZooTestSupport
import ZooText

@Suite struct CLIPTokenizerTests {
  static let full = Result { try load(.clipBPE, fullCLIPFolder) }
  static let tiny = Result { try load(.clipBPE, tokenizerFolder.appending(path: "clip_tiny")) }

  @Test(arguments: ["clip_full", "clip_tiny"]) func everyString(_ name: String) throws {
    let golden = try GoldenStrings("tokenizers/\(name).json")
    let tokenizer = try (name == "clip_full" ? Self.full : Self.tiny).get()
    #expect(tokenizer.vocabularySize == golden.object["vocab_size"] as? Int)
    let want = try golden.ids("ids_without_specials")
    #expect(differing(golden.strings, golden.strings.map(tokenizer.pieces), want) == [])
  }

  @Test(arguments: ["clip_full", "clip_tiny"]) func padded(_ name: String) throws {
    let golden = try GoldenStrings("tokenizers/\(name).json")
    let arrays = try Golden.arrays("tokenizers/\(name)_padded.npz")
    #expect(!arrays.isEmpty)
    for (key, array) in arrays {
      let context = array.shape[1]
      let folder = name == "clip_full" ? fullCLIPFolder : tokenizerFolder.appending(path: "clip_tiny")
      let tokenizer = try load(.clipBPE, folder, context: context)
      #expect(tokenizer.contextLength == context)
      let want = (0..<array.shape[0]).map { row in array[row].ints.map { Int32($0) } }
      let got = golden.strings.map(tokenizer.encode)
      #expect(got.allSatisfy { $0.count == context })
      #expect(differing(golden.strings, got, want) == [], "\(key)")
    }
  }

  @Test func referenceFile() throws {
    let json = try #require(try Golden.json("reference/golden_clip_bpe.json") as? [String: Any])
    let cases = try #require(json["cases"] as? [[String: Any]])
    let tokenizer = try Self.full.get()
    let strings = cases.compactMap { $0["text"] as? String }
    let want = cases.compactMap { ($0["ids"] as? [Int])?.map { Int32($0) } }
    #expect(strings.count == 49 && want.count == 49)
    // The file lists ids up to and including the first end token, which may have been typed.
    let got = zip(strings, want).map { Array(tokenizer.encode($0).prefix($1.count)) }
    #expect(differing(strings, got, want) == [])
  }

  @Test func vocabJSONAndMergesGiveTheSameIDs() throws {
    let files = ["vocab.json", "merges.txt"]
    let bytes = try files.map { try Golden.bytes("tokenizers/clip_tiny/\($0)") }
    let tokenizer = try withFolder(Dictionary(uniqueKeysWithValues: zip(files, bytes))) { try load(.clipBPE, $0) }
    let golden = try GoldenStrings("tokenizers/clip_tiny.json")
    let want = try golden.ids("ids_without_specials")
    #expect(tokenizer.vocabularySize == 1024)
    #expect(differing(golden.strings, golden.strings.map(tokenizer.pieces), want) == [])
  }

  @Test func emptyPromptIsStartAndEnd() throws {
    let tokenizer = try load(.clipBPE, fullCLIPFolder, context: 4)
    #expect(tokenizer.encode("") == [49406, 49407, 0, 0])
    #expect(tokenizer.pieces(" \n\u{1c}") == [])
    // A truncated prompt still ends with the end token.
    #expect(tokenizer.encode("a photo of a cat") == [49406, 320, 1125, 49407])
    #expect(try load(.clipBPE, fullCLIPFolder, context: 1).encode("a photo") == [49407])
  }

  @Test(.timeLimit(.minutes(30))) func longPromptsTakeLinearTime() throws {
    let tokenizer = try Self.full.get()
    let word = String(repeating: "ab", count: 50_000)
    #expect(tokenizer.encode(word).count == 77)
    #expect(tokenizer.pieces(String(repeating: "é ", count: 50_000)).count == 50_000)
    #expect(tokenizer.pieces(String(repeating: "<", count: 100_000)).count > 1000)
    #expect(tokenizer.pieces(String(repeating: "&", count: 100_000)).count > 1000)
  }

  @Test func blankFollowsPython() {
    #expect(isBlank("") && isBlank(" \t\u{1c}\u{85}\u{3000}"))
    #expect(!isBlank("\u{200B}") && !isBlank("\u{FEFF}") && !isBlank(" a "))
  }
}
