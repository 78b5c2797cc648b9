import Foundation
import Testing
import ZooImages
import ZooModels
import ZooRuntime

@testable import ZooExplain

/// Invalid arguments cause an error, or end the process in release builds too: they never reach a pointer.
@Suite struct EdgeTests {
  @Test func promptsOfAnotherModelAreRefused() throws {
    let (model, picture) = try PassTests.Case(name: "clip_gelu").load(), width = model.architecture.embedding
    for wrong in [0, width - 1, width + 1] {
      let direction = [Float](repeating: 0.1, count: wrong)
      #expect(throws: ExplainError.wrongWidth(wrong, expected: width, model: model.name)) {
        try Pass.run([picture], [Pass.Job(LeGrad(), [direction])], model: model)
      }
    }
  }

  @Test func valuesThatDoNotFillAPictureEndTheProcess() async {
    await #expect(processExitsWith: .failure) { _ = PixelTensor(height: 2, width: 2, values: [0, 0, 0]) }
  }

  @Test func picturesOfSeveralSizesEndThePass() async {
    await #expect(processExitsWith: .failure) {
      let (model, picture) = try PassTests.Case(name: "clip_gelu").load()
      let other = PixelTensor(
        height: picture.height * 2, width: picture.width,
        values: [Float](repeating: 0, count: picture.values.count * 2))
      _ = try Pass.run([picture, other], [Pass.Job(LeGrad(), [])], model: model)
    }
  }
}
