import Foundation
import Testing
import ZooTestSupport

/// The library used from a separate package, compiled and run as a user would.
@Suite struct LibraryExampleTests {
  struct Report: Decodable {
    let images: [Image]
    struct Image: Decodable {
      let grid: [Int]
      let prompts: [Prompt]
    }
    struct Prompt: Decodable {
      let energy: Float
      let files: [String]
    }
  }

  @Test func theExampleSaysWhatTheCommandSays() throws {
    let zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
    let picture = Golden.repository.appending(path: "Examples/examples/scene1.jpg").path
    let prompts = ["a photo of a panda", "a photo of a kite"]
    let outcome = try zoo.run(
      ["explain", "ViT-Ti-8-emoji", picture, "--json", "--npy", "--no-overlays", "-o", zoo.file("maps")]
        + prompts.flatMap { ["-p", $0] })
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    let image = try #require(report.images.first)
    let expected = try zip(prompts, image.prompts).map { prompt, result in
      // The values follow a header of 128 bytes.
      let bytes = try Data(contentsOf: URL(filePath: try #require(result.files.first)))
      let values = bytes.suffix(image.grid[0] * image.grid[1] * 4).withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 4).map { raw.loadUnaligned(fromByteOffset: $0, as: Float.self) }
      }
      let peak = try #require(values.indices.max { values[$0] < values[$1] })
      let place = "maximum in row \(peak / image.grid[1]), column \(peak % image.grid[1])"
      return "\(prompt): grid \(image.grid[0])x\(image.grid[1]), energy \(result.energy), \(place)"
    }

    // The build products are kept, so that the next run only builds what has changed.
    let package = Golden.repository.appending(path: "Examples/library").path
    let build = [
      "--package-path", package, "--scratch-path", Golden.repository.appending(path: ".build-example").path,
    ]
    let model = zoo.file("models/ViT-Ti-8-emoji/local")
    let built = try zoo.run(program: "/usr/bin/env", ["swift", "build"] + build)
    #expect(built.code == 0, "\(built.output)\(built.errors)")
    let ran = try zoo.run(
      program: "/usr/bin/env", ["swift", "run", "--skip-build"] + build + ["example", model, picture] + prompts)
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.output.split(separator: "\n").map(String.init) == expected)
  }
}
