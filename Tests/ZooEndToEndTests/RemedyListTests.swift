import Foundation
import Testing
import ZooTestSupport

/// Every remedy in the sources is tested, or is in a list with the reason why it cannot be.
@Suite struct RemedyListTests {
  /// Remedies that no test follows, by a piece of their text.
  private static let others: [(piece: String, reason: String)] = [
    ("merge_and_unload() of PEFT", "it is PEFT's, in Python; the merged model converts in WrappedModelTests"),
    (
      "convert its ViTForImageClassification, or timm's file",
      "both are other files of the same model; such files convert in GoldenForwardTests"
    ),
    ("convert the whole model that it comes from", "it is another file; whole models convert everywhere"),
    ("give the file of the model, which is beside it as a rule", "it is another file"),
    (
      "check that the clock is right and the system's certificates are installed",
      "the clock and the certificates of a system are not a test's to change"
    ),
    (
      "'make' builds a zoo that reads it", "it is about the build; FormatTests reads these formats where they are built"
    ),
  ]

  /// Sentences that are not remedies: they say what zoo does if a file asks for something else, and no other value in the file helps.
  private static let statements = [
    "zoo runs open_clip's plain blocks alone", "zoo's norms have weights", "zoo reads pictures as red, green and blue",
    "the model's patches have * pixels", "zoo runs SigLIP's tokenizer on lower case alone",
    "zoo runs the modules that the architecture has by its name", "zoo runs learned position tables",
    "zoo does not pad pictures to whole patches", "zoo rotates neighbouring values",
    "zoo finds special tokens in a text", "zoo runs SentencePiece without sampling",
    "zoo runs the position embedding that '*' has by its name", "zoo runs classifiers that pool their tokens",
    "zoo runs encoders without cross attention", "zoo runs layers with all their heads",
    "zoo does not pad pictures to a common size", "zoo rescales pixels by a factor alone",
    "zoo fills prompts up and cuts them at the right", "only a tokenizer with hf_tokenizer_name has it",
    "open_clip has clip and modern", "zoo runs ModernText with norms before its branches alone",
    "zoo runs ModernText without registers", "zoo runs ModernText without value residuals",
    "zoo runs it in ModernText towers alone", "zoo frames prompts as open_clip does by default", "zoo runs r50k_base",
    "it cannot be pulled either: *", "it is registered, but does not run: *",
  ]

  /// The text literals in Swift code; concatenated ones are joined, interpolations become `*`.
  private func literals(_ code: String) -> [String] {
    plain(code).matches(of: /"((?:[^"\\\n]|\\.)*)"/).map { String($0.1) }
  }

  /// The code without comments, line breaks in literals and interpolations.
  private func plain(_ code: String) -> String {
    code.replacing(/(?m)^\s*\/\/.*$/, with: "")
      .replacing(/"\s*\n\s*\+ "/, with: "")
      .replacing(/\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/, with: "*")
  }

  private func code(_ path: String) throws -> String {
    try String(contentsOf: Golden.repository.appending(path: path), encoding: .utf8)
  }

  private func files(in folder: String) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(
      atPath: Golden.repository.appending(path: folder).path)
    return names.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }
  }

  /// All remedies: those of the command, and those in errors.
  private func remedies() throws -> [String] {
    let failure = try code("Sources/zoo/Support/Failure.swift")
    let start = try #require(failure.range(of: "func bringing")).lowerBound
    let diagnosis = try code("Sources/ZooConvert/Identify/Diagnosis.swift")
    let (first, last) = (
      try #require(diagnosis.range(of: "public var remedy")).lowerBound,
      try #require(diagnosis.range(of: "/// The base model")).lowerBound
    )
    var found = literals(String(failure[start...])) + literals(String(diagnosis[first..<last]))
    for file in try files(in: "Sources/ZooConvert") + files(in: "Sources/ZooText") {
      for match in try plain(code(file)).matches(of: /(?:remedy|advice|rightSideOnly)(?::| =)\s*("(?:[^"\\\n]|\\.)*")/)
      {
        found += literals(String(match.1))
      }
    }
    return found.filter { !pieces($0).isEmpty }
  }

  private func pieces(_ text: String) -> [String] {
    text.split(separator: "*").map(String.init).filter { $0.count >= 12 }
  }

  /// Whether one of the two contains the other, or a long piece of it.
  private func names(_ remedy: String, _ said: String) -> Bool {
    pieces(said).contains { remedy.contains($0) } || pieces(remedy).contains { said.contains($0) }
  }

  @Test func everyRemedyIsFollowedByATestOrListed() throws {
    let tests = try files(in: "Tests/ZooEndToEndTests").filter { $0.contains("/Remedy") && !$0.contains("RemedyList") }
    let said = try (tests + ["Tests/ZooConvertTests/ConfigurationRemedyTests.swift"]).flatMap { try literals(code($0)) }
      .filter { $0.count >= 14 }
    let remedies = try remedies()
    #expect(remedies.count > 80)
    for remedy in remedies {
      let isListed = Self.statements.contains(remedy) || Self.others.contains { remedy.contains($0.piece) }
      #expect(isListed || said.contains { names(remedy, $0) }, "no test follows: \(remedy)")
    }
    for statement in Self.statements {
      #expect(remedies.contains(statement), "no source says: \(statement)")
    }
    for other in Self.others {
      #expect(remedies.contains { $0.contains(other.piece) }, "no source says: \(other.piece)")
    }
  }
}
