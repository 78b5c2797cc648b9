import Foundation
import Testing
import ZooModels
import ZooTestSupport
import ZooText

/// Damaged and malicious tokenizer files give a clear error or a working tokenizer, never a trap or a hang.
@Suite(.timeLimit(.minutes(30))) struct HostileTests {
  struct Verdict: Sendable, CustomTestStringConvertible {
    let path: String
    let mustRefuse: Bool
    var testDescription: String { path }
  }

  static let verdicts: [Verdict] = {
    let text = String(decoding: (try? Golden.bytes("hostile/verdicts.tsv")) ?? [], as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\t")
      guard fields[0].hasPrefix("tokenizer/") else { return nil }
      return Verdict(path: String(fields[0]), mustRefuse: fields[1] == "refuse")
    }
  }()

  /// The file under the name expected for its kind, with other required files.
  func load(_ file: String, _ bytes: [UInt8]) throws -> any PromptTokenizer {
    var files: [String: [UInt8]]
    let kind: TokenizerSpec.Kind
    if file.hasSuffix(".model") {
      (files, kind) = (["spiece.model": bytes], .sentencePiece)
    } else if file.hasSuffix(".json") {
      (files, kind) = (["tokenizer.json": bytes], .tokenizerJSON)
    } else if file.hasSuffix(".gz") {
      (files, kind) = (["bpe_simple_vocab_16e6.txt.gz": bytes], .clipBPE)
    } else {
      files = ["merges.txt": bytes, "vocab.json": try Golden.bytes("tokenizers/clip_tiny/vocab.json")]
      kind = .clipBPE
    }
    return try withFolder(files) { try loadTokenizer(TokenizerSpec(kind: kind, contextLength: 64), from: $0) }
  }

  @Test func allAreThere() { #expect(Self.verdicts.count == 13) }

  @Test(arguments: verdicts) func verdict(_ verdict: Verdict) throws {
    let bytes = try Golden.bytes("hostile/\(verdict.path)")
    do {
      let tokenizer = try load(verdict.path, bytes)
      #expect(!verdict.mustRefuse)
      #expect(tokenizer.encode("a photo of a cat").count == 64)
    } catch let error as TextError {
      #expect(!error.description.hasSuffix("."))
    }
  }

  @Test func sentences() throws {
    func sentence(_ path: String) -> String? {
      do {
        _ = try load(path, try Golden.bytes("hostile/tokenizer/\(path)"))
        return nil
      } catch { return "\(error)" }
    }
    #expect(
      sentence("bpe_not_gzip.txt.gz") == "bpe_simple_vocab_16e6.txt.gz, byte 0: this is not a gzip file")
    #expect(
      sentence("bpe_bomb.txt.gz")
        == "bpe_simple_vocab_16e6.txt.gz: holds more than 16777216 bytes, too much for a tokenizer")
    #expect(
      sentence("merges_no_space.txt") == "merges.txt, line 2: a merge rule is two pieces with a space between")
    #expect(
      sentence("spiece_empty.model") == "spiece.model, pieces: 0 of 0 pieces are the unknown piece, expected 1")
    #expect(
      sentence("spiece_varint_overflow.model")?.hasSuffix(": a number is longer than ten bytes") == true)
    #expect(
      sentence("negative_id.json")?.hasSuffix("is -1, not in 0..<4194304") == true)
    #expect(sentence("catastrophic_regex.json")?.contains("uses the regular expression") == true)
  }

  /// Truncated and with single bytes changed, always the same ones.
  @Test(arguments: [
    "tokenizers/gemma_tiny/tokenizer.model", "hostile/tokenizer/spiece_nan_score.model",
    "tokenizers/clip_tiny/bpe_simple_vocab_tiny.txt.gz", "tokenizers/clip_tiny/merges.txt",
    "tokenizers/gemma_tiny/tokenizer.json",
  ])
  func damaged(_ path: String) throws {
    let whole = try Golden.bytes(path)
    var random = SplitMix(state: 7)
    for _ in 0..<40 {
      var bytes = whole
      if random.next() % 3 == 0 { bytes.removeLast(Int(random.next() % UInt64(whole.count))) }
      for _ in 0..<random.next() % 4 where !bytes.isEmpty {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      do {
        let tokenizer = try load(path, bytes)
        #expect(tokenizer.encode("A photo of 3 cats, naïve 😀 \u{1100}").count == 64)
      } catch let error as TextError {
        #expect(!error.description.isEmpty)
      }
    }
  }

  /// 100 KB of the worst kinds of text, for every kind of tokenizer.
  @Test(arguments: [TokenizerSpec.Kind.sentencePiece, .tokenizerJSON]) func longPrompts(_ kind: TokenizerSpec.Kind)
    throws
  {
    for name in ["gemma_tiny", "siglip_tiny"] {
      let tokenizer = try ZooTextTests.load(kind, tokenizerFolder.appending(path: name), clean: .canonicalize)
      for unit in ["a", "photo ", "</s>", "e\u{301}", "\u{301}", "Σ.", "&amp;", "😀"] {
        #expect(tokenizer.encode(String(repeating: unit, count: 50_000 / unit.utf8.count)).count == 77)
      }
    }
  }

  @Test func missingFilesAndBadSpecifications() throws {
    try withFolder([:]) { folder in
      #expect(throws: TextError.self) {
        try loadTokenizer(TokenizerSpec(kind: .clipBPE, contextLength: 77), from: folder)
      }
      #expect(tokenizerFiles(in: folder, for: TokenizerSpec(kind: .wordPiece, contextLength: 32)) == [])
      #expect(
        tokenizerFiles(in: folder.appending(path: "none"), for: TokenizerSpec(kind: .clipBPE, contextLength: 9)) == [])
    }
    for (context, pad) in [(0, 0), (-3, 0), (1 << 40, 0), (77, -1), (77, 1 << 40)] {
      #expect(throws: TextError.self) {
        try loadTokenizer(TokenizerSpec(kind: .clipBPE, contextLength: context, padID: pad), from: fullCLIPFolder)
      }
    }
  }
}

struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
