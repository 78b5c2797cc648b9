import Foundation
import Testing
import ZooTestSupport

/// A `MetaClip2Model` of transformers, which pools texts at the end token 2 and not at the largest id.
@Suite struct MetaCLIP2Tests {
  private struct Expected: Decodable {
    let picture: String
    let prompts: [String]
    let cosines: [Double]
  }

  @Test func scoresAreThoseOfTransformers() throws {
    let folder = Golden.cases.appending(path: "metaclip_2")
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    let zoo = try Command()
    let converted = try zoo.run("convert", folder.path, "-o", zoo.file("model"))
    #expect(converted.code == 0 && !converted.output.contains("note:"), "\(converted.output)\(converted.errors)")
    let picture = Golden.url("models/clip_gelu/inputs/\(expected.picture)").path
    let call = ["score", zoo.file("model"), picture, "--json"]
    // An empty prompt is rejected: the last one is left out.
    let prompts = expected.prompts.filter { !$0.isEmpty }
    let scored = try zoo.run(call + prompts.flatMap { ["-p", $0] })
    let report = try #require(try scored.json() as? [String: Any], "\(scored.errors)")
    let images = try #require(report["images"] as? [[String: Any]])
    let scores = try #require(images.first?["prompts"] as? [[String: Any]]).compactMap { $0["similarity"] as? Double }
    #expect(scores.count == prompts.count)
    for (mine, theirs) in zip(scores, expected.cosines) { #expect(abs(mine - theirs) < 1e-6) }
  }
}
