import Foundation
import Testing
import ZooFixtures
import ZooModels
import ZooRuntime

/// The embeddings that text towers give for prompts of several lengths, and their precision.
@Suite struct TextTowerTests {
  /// One of each kind: causal, with a class token, with all tokens visible, with hidden padding, and with attention that uses positions.
  static let kinds =
    GoldenForwardTests.cases.prefix(1)
    + (GoldenForwardTests.cases + GoldenForwardTests.families).filter {
      [
        "coca", "hf_bert", "hf_mt5", "hf_modernbert", "hf_nllb", "modern_causal", "modern_map", "siglip_i18n", "tipsv2",
      ].contains($0.name)
    }

  /// The token ids of the golden's prompts.
  private func prompts(_ golden: GoldenForwardTests.Case, _ loaded: GoldenModel) throws -> [[Int32]] {
    let ids = try loaded.expected(golden.file)["token_ids"]
    return (0..<ids.shape[0]).map { ids[$0].ints.map { Int32($0) } }
  }

  @Test(arguments: kinds)
  func promptsOfAllLengthsRunTogetherAndComeBackInOrder(_ golden: GoldenForwardTests.Case) throws {
    for precision in Precision.allCases {
      guard let algebra = Kernels(precision: precision) else { continue }
      let loaded = try GoldenModel(golden.name, golden.checkpoint, group: golden.group, algebra: algebra)
      let prompts = try prompts(golden, loaded), expected = try loaded.expected(golden.file)
      let alone = try prompts.map { try loaded.model.textEmbeddings(tokens: [$0])[0] }
      // More rows than are run at a time, in a different order.
      let order = (0..<41 * prompts.count).map { $0 * $0 * 7 % 41 % prompts.count }
      let found = try loaded.model.textEmbeddings(tokens: order.map { prompts[$0] })
      try #require(found.count == order.count)
      for (place, prompt) in order.enumerated() {
        #expect(found[place] == alone[prompt], "\(precision) \(place)")
        if precision == .f32 { #expect(expected.distance(found[place], to: "text_embeddings", row: prompt) <= 1) }
      }
    }
  }

  /// For towers whose tokens do not see later ones.
  @Test(arguments: kinds.filter { ["clip_gelu", "coca", "modern_causal"].contains($0.name) })
  func tokensBehindTheEndAreNotRun(_ golden: GoldenForwardTests.Case) throws {
    let loaded = try GoldenModel(golden.name, golden.checkpoint, group: golden.group, algebra: Kernels())
    let text = try loaded.model.text(), width = text.tower.blocks.width, engine = loaded.model.engine
    var saved = 0
    for prompt in try prompts(golden, loaded) {
      let all = text.forward([prompt], places: [Array(prompt.indices)], engine: engine)
      let some = text.forward([prompt], engine: engine)
      let padding: Int32 = golden.name == "modern_causal" ? 65 : 0
      let end = try #require(prompt.indices.last { prompt[$0] != padding })
      // The pooled token is the last one that is run. CoCa's is one after the end.
      let isCoCa = golden.name == "coca", wanted = isCoCa ? prompt.count : end
      #expect(some.rows == (isCoCa ? min(end + 2, prompt.count) + 1 : end + 1))
      saved += all.rows - some.rows
      // Equal except for the order in which attention adds more than sixteen weights.
      let (found, whole) = (some.x.pointer + (some.rows - 1) * width, all.x.pointer + wanted * width)
      #expect((0..<width).allSatisfy { abs(found[$0] - whole[$0]) < 4e-6 })
    }
    #expect(saved > 0)
  }

  @Test(arguments: kinds, Arithmetic.all.filter { $0.precision == .bf16 })
  func bf16IsNotF32(_ golden: GoldenForwardTests.Case, _ arithmetic: Arithmetic) throws {
    func embeddings(_ algebra: any LinearAlgebra) throws -> [[Float]] {
      let loaded = try GoldenModel(golden.name, golden.checkpoint, group: golden.group, algebra: algebra)
      return try loaded.model.textEmbeddings(tokens: try prompts(golden, loaded))
    }
    let exact = try embeddings(Kernels()), rounded = try embeddings(arithmetic.algebra())
    for (a, b) in zip(exact, rounded) {
      #expect(a != b)
      #expect(dot(normalised(a), normalised(b)) > 0.999)
    }
  }
}
