import Foundation
import Testing
import ZooTestSupport

/// Checkpoints with tokenizers of their own, used through the command.
@Suite struct TokenizerCasesTests {
  private struct File: Decodable {
    struct Scores: Decodable {
      let prompts: [String]
      let imageA: [Double]
    }
    let clipAddedTokens: Scores
  }

  /// Cosines of transformers 5.24's `CLIPModel` and `AutoProcessor`, also after an export and a second conversion.
  @Test func addedTokensScoreAsInTransformers() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try Data(contentsOf: Golden.cases.appending(path: "tokenizers/ids.json"))
    let want = try decoder.decode(File.self, from: data).clipAddedTokens
    let zoo = try Command()
    let source = Golden.cases.appending(path: "tokenizers/clip_added_tokens").path
    let converted = try zoo.run("convert", source, "-o", zoo.file("first"))
    #expect(converted.code == 0, "\(converted.errors)")
    #expect(!converted.output.contains("note:"), "\(converted.output)")
    #expect(try zoo.run("export", zoo.file("first"), "--layout", "transformers", "-o", zoo.file("out")).code == 0)
    #expect(try zoo.run("convert", zoo.file("out"), "-o", zoo.file("second")).code == 0)
    let image = Golden.url("models/clip_gelu/inputs/image_a.png").path
    for model in ["first", "second"] {
      let prompts = want.prompts.flatMap { ["-p", $0] }
      let scored = try zoo.run(["score", zoo.file(model), image, "--json"] + prompts)
      let report = try #require(try scored.json() as? [String: Any])
      let pictures = try #require(report["images"] as? [[String: Any]])
      let scores = try #require(pictures.first?["prompts"] as? [[String: Any]]).compactMap {
        $0["similarity"] as? Double
      }
      #expect(scores.count == 3)
      for (mine, theirs) in zip(scores, want.imageA) { #expect(abs(mine - theirs) < 1e-5, "\(model): \(scores)") }
    }
  }

  @Test func aModelWithoutATokenizerShowsIt() throws {
    let zoo = try Command()
    let source = Golden.url("models/clip_gelu/checkpoints/hf_sharded").path
    let converted = try zoo.run("convert", source, "-o", zoo.file("model"))
    #expect(converted.output.contains("without them the model takes no text"), "\(converted.output)\(converted.errors)")
    #expect(try zoo.run("show", zoo.file("model")).output.contains("no tokenizer: it takes no text"))
  }
}
