import Foundation
import Testing
import ZooExplain
import ZooTestSupport

/// Methods on the command line: what is listed, what runs, what is refused.
@Suite struct MethodTests {
  private let zoo: Command

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  @Test func everyOptionOfAMethodIsAnOptionOfTheCommand() throws {
    let help = try zoo.run("explain", "--help").output
    for option in Method.all.flatMap(\.options) { #expect(help.contains("--\(option.name) "), "\(option.name)") }
  }

  @Test func methodsAreListedWithWhatRunsOnAModel() throws {
    let listed = try #require(try zoo.run("methods", "ViT-Ti-8-emoji", "--json").json() as? [[String: Any]])
    #expect(listed.map { $0["method"] as? String } == Method.all.map(\.id))
    #expect(listed.allSatisfy { $0["runs"] as? Bool == true })
    try zoo.run("convert", "Examples/ViT-Ti-8-SigLIP-emoji")
    let text = try zoo.run("methods", "ViT-Ti-8-SigLIP-emoji").output
    #expect(text.contains("  does not run on this model: the published rules start at a class token"))
  }

  @Test func everyMethodExplainsAPicture() throws {
    for method in Method.all {
      let result = try zoo.run(
        "explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "--method", method.id, "--npy",
        "--json", "-o", zoo.file(method.id))
      let report = try #require(try result.json() as? [String: Any], "\(method.id): \(result.errors)")
      #expect(report["method"] as? String == method.id)
      let files = try FileManager.default.contentsOfDirectory(atPath: zoo.file(method.id))
      #expect(files.contains { $0.hasSuffix(".npy") }, "\(method.id): \(files)")
    }
  }

  @Test(arguments: [
    (["--method", "grad-cam"], "there is no method 'grad-cam'; did you mean gradcam?"),
    (["--method", "rollout", "--layer", "3"], "rollout does not take --layer; it takes --start-layer"),
    (["--method", "raw-attention", "--layers", "all"], "raw-attention does not take --layers: it has no options"),
    (["--method", "gradcam", "--layer", "99"], "gradcam cannot use layer 99: the image tower has 6, 0 to 5"),
    (
      ["--method", "attentioncam", "--form", "x"],
      "'x' is not a value for --form of attentioncam: expected paper, chefer"
    ),
    (["--method", "rollout", "--layers-grid"], "rollout's map is not a sum over layers"),
  ])
  func whatAMethodDoesNotTakeIsRefusedByName(_ options: [String], _ sentence: String) throws {
    let result = try zoo.run(
      ["explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "-o", zoo.file("out")] + options)
    #expect(result.code == 2)
    #expect(result.errors.contains(sentence), "\(result.errors)")
  }

  @Test func evalHasARowForEachMethod() throws {
    let result = try zoo.run(
      "eval", "ViT-Ti-8-emoji", "--data", "Tests/Cases/upright", "--min-objects", "1", "--method", "legrad", "--method",
      "gradcam:layer=3", "--method", "rollout", "--json")
    let report = try #require(try result.json() as? [String: Any], "\(result.errors)")
    let rows = try #require(report["methods"] as? [[String: Any]])
    #expect(
      Set(rows.compactMap { $0["name"] as? String })
        == ["LeGrad official, layers all", "GradCAM layer 3", "Attention rollout"])
  }
}
