import Foundation
import Testing
import ZooExplain
import ZooTestSupport

/// Methods on the command line: which are listed, which run, which are rejected.
@Suite struct MethodTests {
  private let zoo: Command

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  @Test func everyOptionOfAMethodIsAnOptionOfTheCommand() throws {
    let help = try zoo.run("explain", "--help").output
    for option in HeatmapMethod.all.flatMap(\.options) { #expect(help.contains("--\(option.name) "), "\(option.name)") }
  }

  @Test func methodsAreListedWithWhatRunsOnAModel() throws {
    let listed = try #require(try zoo.run("methods", "ViT-Ti-8-emoji", "--json").json() as? [[String: Any]])
    #expect(listed.map { $0["method"] as? String } == HeatmapMethod.all.map(\.id))
    #expect(listed.allSatisfy { $0["runs"] as? Bool == true })
    try zoo.run("convert", "Examples/ViT-Ti-8-SigLIP-emoji")
    let text = try zoo.run("methods", "ViT-Ti-8-SigLIP-emoji").output
    #expect(text.contains("  does not run on this model: the published rules start at a class token"))
  }

  @Test func everyMethodExplainsAPicture() throws {
    for method in HeatmapMethod.all {
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
    (["--method", "legrad,grad-cam"], "there is no method 'grad-cam'; did you mean gradcam?"),
    (["--method", "legrad,"], "there is no method ''; 'zoo methods' lists them"),
    (["--method", "legrad,rollout", "--layer", "3"], "legrad does not take --layer; it takes --layers, --variant"),
    (["--method", "legrad,gradcam:layer=9"], "gradcam cannot use layer 9: the image tower has 6, 0 to 5"),
    (["--method", "rollout", "--method", "legrad:layers=7"], "the image tower has 6, 0 to 5"),
  ])
  func whatAMethodDoesNotTakeIsRefusedByName(_ options: [String], _ sentence: String) throws {
    let result = try zoo.run(
      ["explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "-o", zoo.file("out")] + options)
    #expect(result.code == 2)
    #expect(result.errors.contains(sentence), "\(result.errors)")
  }

  @Test(arguments: [
    ("legrad", ["legrad"]), ("legrad, rollout", ["legrad", "rollout"]),
    ("textspan:heads=1.0,2.3,rollout,gradcam:layer=3,score=dot", ["textspan", "rollout", "gradcam"]),
  ])
  func methodsAreReadFromAList(_ text: String, _ names: [String]) throws {
    let methods = try HeatmapMethod.list(text)
    #expect(methods.map(\.info.id) == names)
    if methods.count == 3 {
      #expect(methods.map(\.options) == [["heads": "1.0,2.3"], [:], ["layer": "3", "score": "dot"]])
    }
  }

  /// Each map equals the one that its method computes alone.
  @Test func severalMethodsShareOneCall() throws {
    let call = ["explain", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "-p", "a kite", "--json"]
    func run(_ method: String, _ more: String...) throws -> (report: [String: Any], prompts: [[String: Any]]) {
      let result = try zoo.run(call + ["--method", method, "-o", zoo.file("out")] + more)
      let report = try #require(try result.json() as? [String: Any], "\(result.errors)")
      let image = try #require((report["images"] as? [[String: Any]])?.first)
      return (report, try #require(image["prompts"] as? [[String: Any]]))
    }
    let methods = ["legrad", "rollout", "gradcam:layer=3"]
    let together = try run(methods.joined(separator: ","))
    #expect(together.report["schema"] as? Int == 1 && together.report["method"] as? String == "legrad")
    let reports = try #require(together.report["methods"] as? [[String: Any]])
    #expect(
      reports.map { $0["name"] as? String } == ["LeGrad official, layers all", "Attention rollout", "GradCAM layer 3"])
    for (place, method) in methods.enumerated() {
      let alone = try run(method).prompts
      for (prompt, own) in zip(together.prompts, alone) {
        let map = try #require((prompt["maps"] as? [[String: Any]])?[place]),
          files = try #require(map["files"] as? [String])
        #expect(map["energy"] as? Double == own["energy"] as? Double)
        // The same name means the same result.
        #expect(files == own["files"] as? [String])
        #expect(files[0].contains(".\(method.prefix { $0 != ":" })."))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.file("out")).count == 6)
    let sheet = try run("legrad,rollout", "--grid", "--format", "svg").report
    let sheets = try #require((sheet["images"] as? [[String: Any]])?[0]["sheets"] as? [String])
    #expect(sheets.count == 1 && sheets[0].hasSuffix(".svg") && sheets[0].contains("scene1.grid."))
    // An option of the command applies to the methods that have it.
    let scored = try run("rollout,gradcam", "--layer", "3").prompts
    #expect((scored[0]["files"] as? [String])?[1] == (together.prompts[0]["files"] as? [String])?[2])
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

  @Test func evalOfAllMethodsSaysWhatIsNotDefined() throws {
    try zoo.run("convert", "Examples/ViT-Ti-8-SigLIP-emoji")
    let call = [
      "eval", "ViT-Ti-8-SigLIP-emoji", "--data", "Tests/Cases/upright", "--min-objects", "1", "--method", "all",
    ]
    let report = try #require(try zoo.run(call + ["--json"]).json() as? [String: Any])
    let rows = try #require(report["methods"] as? [[String: Any]])
    let undefined = try #require(report["undefined"] as? [[String: String]])
    #expect(rows.count + undefined.count == HeatmapMethod.all.count)
    #expect(undefined.contains { $0["method"] == "textspan" && $0["reason"]?.contains("class token") == true })
    #expect(try zoo.run(call).output.contains("\ntextspan is not defined on this model: it splits the embedding"))
    let refused = try zoo.run(Array(call.dropLast()) + ["legrad,textspan"])
    #expect(refused.code == 2)
    #expect(refused.errors.contains("; these methods run on it: legrad, rollout,"), "\(refused.errors)")
  }

  @Test func compareSaysHowMuchMethodsAgree() throws {
    let call = ["compare", "ViT-Ti-8-emoji", "Examples/examples/scene1.jpg", "-p", "a panda", "-p", "a fox"]
    let result = try zoo.run(call + ["--method", "legrad,rollout,gradcam:layer=3", "--json"])
    let report = try #require(try result.json() as? [String: Any], "\(result.errors)")
    let methods = try #require(report["methods"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    #expect(methods == ["LeGrad official, layers all", "Attention rollout", "GradCAM layer 3"])
    let images = try #require(report["images"] as? [[String: Any]])
    let prompts = try #require(images.first?["prompts"] as? [[String: Any]])
    #expect(prompts.compactMap { $0["prompt"] as? String } == ["a panda", "a fox"])
    let mean = try #require(report["mean"] as? [[String: Any]])
    #expect(mean.count == 3)
    for key in ["rank_correlation", "top_overlap", "peak_distance"] {
      let each = prompts.compactMap { ($0["pairs"] as? [[String: Any]])?[0][key] as? Double }
      let found = try #require(mean[0][key] as? Double)
      #expect(each.count == 2 && abs(found - (each[0] + each[1]) / 2) < 1e-9, "\(key)")
    }
    let text = try zoo.run(call + ["--method", "legrad,rollout"]).output
    #expect(text.contains("a panda\nMETHOD") && text.contains("mean of all\n"), "\(text)")
    let one = try zoo.run(call + ["--method", "legrad"])
    #expect(one.code == 2 && one.errors.contains("a comparison needs at least two methods"))
  }

  @Test func compareWithItsFormerOptionsStillComparesBackends() throws {
    let picture = "Examples/examples/scene1.jpg"
    let former = try zoo.run("compare", "ViT-Ti-8-emoji", picture, "-p", "a panda", "--packed", "--json")
    let present = try zoo.run("bench", "ViT-Ti-8-emoji", "--compare", picture, "-p", "a panda", "--packed", "--json")
    #expect(former.code == 0 && former.output == present.output)
    #expect(former.errors.contains("note: 'zoo bench MODEL --compare' compares backends and precisions"))
    #expect(present.errors.isEmpty)
    let lost = try zoo.run("bench", "ViT-Ti-8-emoji", picture)
    #expect(lost.code == 2 && lost.errors.contains("a picture has no effect here: it belongs to --compare"))
  }

  @Test func benchSaysWhatMethodsCost() throws {
    let result = try zoo.run(
      "bench", "ViT-Ti-8-emoji", "--methods", "--runs", "1", "--prompts", "1", "--json")
    let report = try #require(try result.json() as? [String: Any], "\(result.errors)")
    let rows = try #require(report["methods"] as? [[String: Any]])
    #expect(Set(rows.compactMap { $0["method"] as? String }) == Set(HeatmapMethod.all.map(\.id)))
    #expect(rows.allSatisfy { ($0["forward_passes"] as? Double ?? 0) > 0 })
  }
}
