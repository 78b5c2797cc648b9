import Foundation
import Testing
import ZooTestSupport

/// Every option in the help of a command does something, or is known not to change results.
@Suite struct ShownOptionsTests {
  /// A value for an option that must change results; nil for options that change none, or that are in every call here.
  private typealias Uses = [String: [String]?]

  private static let pictures: Uses = [
    "size": ["--size", "64x96"], "resize": ["--resize", "squash"], "upright": ["--upright"],
    "max-pixels": ["--max-pixels", "9"],
    // For NaFlex models: see NaFlexCommandTests.
    "max-patches": nil,
  ]
  private static let run: Uses = [
    "precision": ["--precision", "bf16"], "threads": nil, "backend": nil, "quiet": nil, "json": nil, "version": nil,
    "help": nil,
    // For NLLB models: see HuggingFaceTextTests.
    "language": nil,
  ]
  private static let commands: [String: (base: [String], uses: Uses)] = {
    let picture = "Tests/Golden/images/sources/exif_6.jpg", prompts = ["-p", "a fox", "-p", "a bee"]
    let correction: Uses = [
      "correct": ["--correct", "a photo of a"], "correct-threshold": ["--correct-threshold", "0.3"],
    ]
    let prompting: Uses = ["prompt": ["-p", "a cat"], "prompts": ["--prompts", "Tests/Cases/upright/prompts.txt"]]
    let method: Uses = [
      "variant": ["--variant", "paper"], "layers": ["--layers", "last:2"], "score": ["--score", "dot"],
    ]
    let peers: Uses = [
      "method": ["--method", "rollout"], "layer": ["--layer", "0"], "start-layer": ["--start-layer", "0"],
      "heads": ["--heads", "1.0"], "background": ["--background", "none"], "form": ["--form", "chefer"],
      "rules": ["--rules", "transformer"], "scaled": ["--scaled", "no"], "depth": ["--depth", "1"],
      "relu": ["--relu", "no"], "final-score": ["--final-score", "yes"],
      // For attention poolers: see GoldenMethodTests.
      "normalised": nil,
    ]
    let evaluation: Uses = [
      "method": ["--method", "rollout"], "prompt-template": ["--prompt-template", "{}"], "shard": ["--shard", "2/2"],
      // EvalTests covers runs, table formats, reports, presets and what is left out.
      "data": nil, "strict": nil, "run": nil, "resume": nil, "per-class": nil, "report": nil, "preset": nil,
    ]
    func all(_ parts: Uses...) -> Uses { parts.reduce(into: run) { $0.merge($1) { $1 } } }
    return [
      // Embeddings replace prompts.
      "score": (
        ["score", "MODEL", picture] + prompts,
        all(pictures, prompting, ["strict": nil, "embeddings": nil, "names": nil])
      ),
      "explain": (
        ["explain", "MODEL", picture] + prompts,
        all(
          pictures, prompting, method, peers, correction,
          [
            "tokens": ["--tokens", "first"], "negative": ["--negative", "a cat"], "color-map": ["--color-map", "bone"],
            "words": ["--words"], "report": nil, "boxes": nil, "no-overlays": ["--no-overlays"],
            "overlay": ["--overlay", "original"], "transparent": ["--transparent"],
            "threshold": ["--threshold", "0.4"],
            "scale": ["--scale", "shared"], "format": ["--format", "svg"],
            "tile": ["--tile", "64"],
            "alpha": ["--alpha", "0.2"], "grid": ["--grid"], "layers-grid": ["--layers-grid"], "npy": ["--npy"],
            "output": nil, "strict": nil, "embeddings": nil, "names": nil,
            // For classifiers: see MainJobTests.
            "class": nil, "top": nil,
          ])
      ),
      "eval pointing": (
        ["eval", "pointing", "MODEL", "--data", "Tests/Cases/upright", "--min-objects", "1"],
        all(pictures, method, correction, evaluation, ["min-objects": ["--min-objects", "3"]])
      ),
      "eval segmentation": (
        ["eval", "segmentation", "MODEL", "--data", "Tests/Cases/upright"],
        all(
          pictures, method, correction, evaluation,
          [
            "threshold": ["--threshold", "mean"], "class": ["--class", "predicted"],
            // For masks of labels: see EvalTests.
            "names": nil,
          ])
      ),
      "compare": (
        ["compare", "MODEL", picture, "--method", "legrad,rollout"] + prompts,
        all(
          pictures, prompting,
          [
            "method": ["--method", "gradcam"], "correct": ["--correct", "a photo of a,0.3"], "strict": nil,
            // For classifiers: see MethodTests.
            "class": nil,
          ])
      ),
      "bench": (
        ["bench", "MODEL", "--compare", picture, "--precision", "bf16"] + prompts,
        all(
          pictures,
          ["prompt": ["-p", "a cat"], "variant": ["--variant", "paper"], "layers": ["--layers", "last:2"]],
          [
            "precision": nil, "packed": ["--packed"], "data": nil, "seed": nil, "manifest": nil, "compare": nil,
            // Measurements, which are never the same.
            "prompts": nil, "cost": nil, "methods": nil, "runs": nil, "only": nil, "write-checkpoint": nil,
            "in-place": nil,
            "random": nil,
          ])
      ),
    ]
  }()

  /// Other options that an option requires.
  private static let contexts = [
    "correct-threshold": ["--correct", "a photo of a"], "layer": ["--method", "gradcam"],
    // With all layers, the scale is more than a common factor.
    "start-layer": ["--method", "chefercam"], "scaled": ["--method", "chefercam", "--start-layer", "0"],
    "heads": ["--method", "textspan"], "background": ["--method", "textspan"], "form": ["--method", "attentioncam"],
    "format": ["--grid"], "tile": ["--grid"], "words": ["--grid"],
    "rules": ["--method", "partial-lrp"], "depth": ["--method", "gem"],
  ]

  private let zoo: Command

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  @Test(arguments: ["score", "explain", "eval pointing", "eval segmentation", "compare", "bench"])
  func everyShownOptionIsHonoured(_ command: String) throws {
    let (base, uses) = try #require(Self.commands[command])
    let help = try zoo.run(command.split(separator: " ").map(String.init) + ["--help"]).output
    let shown = Set(help.matches(of: /\n  (?:-\w, )?--([a-z-]+)/).map { String($0.1) })
    #expect(shown == Set(uses.keys), "the help shows \(shown.symmetricDifference(uses.keys).sorted())")
    let plain = try results(base)
    for (option, use) in uses.sorted(by: { $0.key < $1.key }) {
      guard let use else { continue }
      let context = Self.contexts[option] ?? []
      let before = context.isEmpty ? plain : try results(base + context)
      #expect(try results(base + context + use) != before, "\(command) --\(option)")
    }
  }

  /// The complete result of a call: what it prints, and the content of its files.
  private func results(_ call: [String]) throws -> [String] {
    let folder = zoo.file(UUID().uuidString)
    let output = call[0] == "explain" ? ["-o", folder] : []
    let words = call.map { $0 == "MODEL" ? "ViT-Ti-8-emoji" : $0 }
    let outcome = try zoo.run(words + ["--json", "--quiet"] + output)
    guard outcome.code == 0 else {
      #expect(
        [["--min-objects", "3"], ["--max-pixels", "9"]].contains(call.suffix(2)), "\(call): \(outcome.errors)")
      return [outcome.errors]
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let contents = try files.map { try Data(contentsOf: URL(filePath: "\(folder)/\($0)")).base64EncodedString() }
    // The rate is never the same twice.
    let lines = outcome.output.split(separator: "\n").filter { !$0.contains("pictures_per_second") }
    return call[0] == "explain" ? contents.sorted() : lines.map(String.init)
  }
}
