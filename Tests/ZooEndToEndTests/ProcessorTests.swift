import Foundation
import Testing
import ZooTestSupport

/// The scores of transformers 5.24 (`AutoModel`, `AutoProcessor`) for one model with several preprocessing settings.
@Suite struct ProcessorTests {
  private struct Setting: Sendable, CustomTestStringConvertible {
    let name: String
    var file = "preprocessor_config.json"
    let json: String
    /// The cosines of `a photo of a cat` and `a red car`, for image_a.png and image_b.jpg.
    let cosines: [[Double]]
    var testDescription: String { name }
  }

  private static let settings = [
    Setting(
      name: "as the model has them",
      json: #"{"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 32}, "crop_size": 32}"#,
      cosines: [[0.065904, 0.094039], [0.174445, 0.155907]]),
    Setting(
      name: "do_normalize is false", json: #"{"size": {"shortest_edge": 32}, "crop_size": 32, "do_normalize": false}"#,
      cosines: [[0.086494, 0.088074], [0.105061, 0.097318]]),
    Setting(
      name: "resized to more than the crop", json: #"{"size": {"shortest_edge": 40}, "crop_size": 32}"#,
      cosines: [[0.01153, 0.116269], [0.158299, 0.18599]]),
    Setting(
      name: "written by transformers 5", file: "processor_config.json",
      json: """
        {"processor_class": "CLIPProcessor", "image_processor": {"image_processor_type": "CLIPImageProcessor",
         "do_center_crop": false, "resample": 2, "size": {"height": 32, "width": 32}, "image_mean": [0.5, 0.5, 0.5],
         "image_std": [0.5, 0.5, 0.5], "crop_size": {"height": 32, "width": 32}}}
        """,
      cosines: [[0.037128, 0.067632], [0.064282, 0.129268]]),
  ]

  @Test(arguments: settings)
  private func scoresAreThoseOfTransformers(setting: Setting) throws {
    let command = try Command()
    let source = Golden.url("models/clip_gelu/checkpoints/hf"), folder = command.file("source")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["model.safetensors", "config.json", "vocab.json", "merges.txt"] {
      try FileManager.default.copyItem(atPath: source.appending(path: name).path, toPath: "\(folder)/\(name)")
    }
    try Data(setting.json.utf8).write(to: URL(filePath: "\(folder)/\(setting.file)"))
    let made = try command.run("convert", folder, "--as", "x:t", "-o", command.file("model"))
    #expect(made.code == 0, "\(made.errors)")
    for (picture, expected) in zip(["image_a.png", "image_b.jpg"], setting.cosines) {
      let path = Golden.url("models/clip_gelu/inputs/\(picture)").path
      let scored = try command.run(
        "score", command.file("model"), path, "-p", "a photo of a cat", "-p", "a red car", "--json")
      let report = try #require(try scored.json() as? [String: Any], "\(scored.errors)")
      let results = try #require(report["images"] as? [[String: Any]])
      let prompts = try #require(results.first?["prompts"] as? [[String: Any]])
      for (prompt, cosine) in zip(prompts, expected) {
        let got = try #require(prompt["similarity"] as? Double)
        #expect(abs(got - cosine) < 1e-5, "\(picture): \(got), expected \(cosine)")
      }
    }
  }
}
