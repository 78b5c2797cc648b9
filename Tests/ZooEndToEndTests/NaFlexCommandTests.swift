import Foundation
import Testing
import ZooTestSupport

/// `--max-patches` and `--size` for NaFlex models.
@Suite struct NaFlexCommandTests {
  private func settings(_ zoo: Command, _ options: [String]) throws -> [String: String] {
    let folder = UUID().uuidString
    let outcome = try zoo.run(
      ["embed", "model", "Tests/Golden/images/sources/exif_6.jpg", "-o", zoo.file(folder)] + options)
    #expect(outcome.code == 0, "\(outcome.errors)")
    let data = try Data(contentsOf: URL(filePath: zoo.file("\(folder)/embeddings.json")))
    let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let rows = try #require(file["pictures"] as? [[String: Any]])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"] as? String ?? "", $0["value"] as? String ?? "") })
  }

  @Test func picturesHaveSizesOfTheirOwnUnlessOneIsAskedFor() throws {
    let zoo = try Command()
    let converted = try zoo.run(
      "convert", "Tests/Golden/families/siglip2_hf/checkpoints/hf", "--as", "model:naflex", "--no-probe")
    #expect(converted.code == 0, "\(converted.errors)")
    #expect((converted.output + converted.errors).contains("--max-patches takes another number"))
    let own = try settings(zoo, [])
    #expect(own["size"] == "26 patches" && own["resize"] == "naflex")
    #expect(try settings(zoo, ["--max-patches", "9"])["size"] == "9 patches")
    let fixed = try settings(zoo, ["--size", "24x40"])
    #expect(fixed["size"] == "24x40" && fixed["resize"] == "squash")
    let both = try zoo.run("embed", "model", "x.jpg", "-o", "x", "--size", "40", "--max-patches", "9")
    #expect(both.code == 64 && both.errors.contains("--max-patches goes without --size and --resize"))
  }

  @Test func otherModelsAreRefused() throws {
    let zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
    let outcome = try zoo.run(
      "score", "ViT-Ti-8-emoji", "Tests/Golden/images/sources/exif_6.jpg", "-p", "a fox", "--max-patches", "9")
    #expect(outcome.code == 2)
    #expect(outcome.errors.contains("is not a NaFlex model, whose pictures have sizes of their own"))
  }
}
