import Testing
import ZooExplain
import ZooFixtures
import ZooImages
import ZooRuntime

/// One model serves many tasks at once.
@Suite struct ConcurrencyTests {
  @Test(arguments: [("clip_gelu", false), ("siglip", true)])
  func mapsFromManyTasksAreThoseFromOne(_ name: String, _ corrects: Bool) async throws {
    let model = try GoldenModel(name, "openclip/open_clip_model.safetensors") { options in
      (options.visionActivation, options.textActivation) = (.gelu, .gelu)
    }.model
    let explainer = Explainer(model: model)
    #expect((explainer.correction != nil) == corrects)
    let patch = try #require(model.architecture.vision).patch
    // Squares and rectangles, so that position tables are computed while other tasks read theirs.
    let pictures = (0..<12).map { number in
      let height = patch * (4 + number % 3), width = patch * (4 + number % 4)
      let values = (0..<3 * height * width).map { Float(($0 &* 7919 &+ number &* 104_729) % 2003) / 1000 - 1 }
      return PixelTensor(height: height, width: width, values: values)
    }
    let prompts = ["a photo of a fox", "two dogs on a beach"]
    func maps(_ picture: PixelTensor) throws -> [[Float]] {
      // The first texts are embedded by several tasks, too.
      try explainer.explain([picture], explainer.prepare(prompts))[0].prompts.map(\.heatmap.values)
    }
    let together = try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
      for (number, picture) in pictures.enumerated() { group.addTask { (number, try maps(picture)) } }
      return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
    }
    for (number, picture) in pictures.enumerated() {
      let alone = try maps(picture)
      #expect(together[number] == alone, "picture \(number)")
      #expect(alone.count == 2 && alone[0].contains { $0 > 0 })
    }
  }
}
