import Foundation
import Testing
import ZooTestSupport

/// Checkpoints from pipes, and conversions that were done before.
@Suite struct PipedCheckpointTests {
  private static let weights = "Examples/ViT-Ti-8-emoji/open_clip_model.safetensors"
  private static let configuration = "Examples/ViT-Ti-8-emoji/open_clip_config.json"

  private let zoo: Command

  init() throws { zoo = try Command() }

  private func shell(_ script: String) throws -> Command.Outcome {
    try zoo.run(program: "/bin/bash", ["-c", script.replacing("ZOO", with: Command.executable.path)])
  }

  @Test func checkpointsComeFromPipesAndLeaveNothing() throws {
    let options = "--config \(Self.configuration) --as ViT-Ti-8-emoji:piped --quiet --no-probe"
    let piped = try shell("cat \(Self.weights) | ZOO convert - \(options)")
    #expect(piped.code == 0, "\(piped.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: zoo.file("downloads")) == [])
    // The same bytes from another pipe are the same source.
    let again = try shell("ZOO convert <(cat \(Self.weights)) \(options)")
    #expect(again.code == 0 && again.output.hasPrefix("ViT-Ti-8-emoji:piped is installed already"), "\(again.errors)")
    let redirected = try shell("ZOO convert - \(options) --force < \(Self.weights)")
    #expect(redirected.code == 0 && redirected.output.contains("122 tensors read"), "\(redirected.errors)")
    let inspected = try shell("ZOO inspect --brief <(cat \(Self.weights))")
    #expect(inspected.code == 0 && inspected.output.hasPrefix("safetensors, 1 file, 122 tensors"))
    let empty = try shell("ZOO convert - < /dev/null")
    #expect(empty.code == 2 && empty.errors == "zoo: - cannot be read: nothing came from it\n")
    #expect(try shell("head -c 99999 \(Self.weights) | ZOO convert -").errors.contains("the file is incomplete"))
  }

  @Test func theSameConversionIsMadeOnce() throws {
    let call = ["convert", "Examples/ViT-Ti-8-emoji", "--quiet"]
    #expect(try zoo.run(call).code == 0)
    let file = zoo.file("models/ViT-Ti-8-emoji/local/model.json"), before = try Data(contentsOf: URL(filePath: file))
    let again = try zoo.run(call)
    #expect(
      again.code == 0 && again.output.hasPrefix("ViT-Ti-8-emoji:local is installed already; it came from the same"))
    let json = try #require(try zoo.run(call + ["--json"]).json() as? [String: String])
    #expect(json["model"] == "ViT-Ti-8-emoji:local")
    #expect(try Data(contentsOf: URL(filePath: file)) == before)
    // Different weights, types or sources are different conversions.
    for other in [["--dtype", "bf16"], ["--activation", "quick_gelu"]] {
      let refused = try zoo.run(call + other)
      #expect(refused.code == 2 && refused.errors.contains("exists already"), "\(other): \(refused.output)")
      #expect(refused.errors.contains("--force") && refused.errors.contains("--as ARCHITECTURE:TAG"))
    }
    #expect(try zoo.run(call + ["--force"]).output.contains("122 tensors read"))
  }

  @Test func modelsSayWhenTheyCameAndWereUsedAndGoByThat() throws {
    for tag in ["a", "b"] {
      _ = try zoo.run("convert", "Examples/ViT-Ti-8-emoji", "--as", "ViT-Ti-8-emoji:\(tag)", "--quiet", "--no-probe")
    }
    let day: TimeInterval = 86_400
    func set(_ tag: String, added: Double, used: Double) throws {
      let folder = zoo.file("models/ViT-Ti-8-emoji/\(tag)")
      for (path, days) in [("\(folder)/model.json", added), (folder, used)] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -days * day)], ofItemAtPath: path)
      }
    }
    try set("a", added: 50, used: 50)
    try set("b", added: 50, used: 20)
    func models() throws -> [String: [String: Any]] {
      let report = try zoo.run("du", "--json").json() as? [String: Any]
      let all = report?["models"] as? [[String: Any]] ?? []
      return Dictionary(uniqueKeysWithValues: all.map { ($0["model"] as? String ?? "", $0) })
    }
    #expect(try models()["ViT-Ti-8-emoji:a"]?["used"] == nil && models()["ViT-Ti-8-emoji:b"]?["used"] != nil)
    #expect(try models()["ViT-Ti-8-emoji:a"]?["added"] is String)
    let list = try zoo.run("list", "--installed").output
    #expect(list.contains("ADDED") && list.contains(/ViT-Ti-8-emoji:a .*\d\d  - +yes\n/), "\(list)")

    let dry = try zoo.run("rm", "--older-than", "30d", "--dry-run")
    #expect(dry.output == "ViT-Ti-8-emoji:a would be removed, 20 MB freed\n")
    #expect(try models().count == 2)
    // Running a model counts as a use.
    _ = try zoo.run("score", "ViT-Ti-8-emoji:a", "Examples/examples/scene1.jpg", "-p", "a bee")
    #expect(try zoo.run("rm", "--older-than", "30d").errors == "There is no model that was not used for 30d.\n")
    #expect(try zoo.run("rm", "--older-than", "2w").output == "ViT-Ti-8-emoji:b removed, 20 MB freed\n")
    for call in [["rm"], ["rm", "--all", "ViT-Ti-8-emoji"], ["rm", "--older-than", "3y"]] {
      #expect(try zoo.run(call).code == 64, "\(call)")
    }
    #expect(try zoo.run("rm", "--all").output == "ViT-Ti-8-emoji:a removed, 20 MB freed\n")
    #expect(try models().isEmpty)
  }
}
