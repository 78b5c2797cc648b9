import Foundation
import Synchronization
import Testing
import ZooFixtures
import ZooImages
import ZooModels
import ZooTensors

@testable import ZooRuntime

/// What happens to weights in a file.
@Suite struct MappedWeightsTests {
  @Test(arguments: Precision.allCases, [1, 2])
  func theFirstPassGivesItsMatricesBackAndOthersKeepThem(precision: Precision, threads: Int) throws {
    guard let algebra = Kernels(precision: precision) else { return }
    let golden = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors").model.description
    let released = Released()
    let specs = Dictionary(uniqueKeysWithValues: golden.architecture.tensors.map { ($0.name, $0) })
    let model = try ZooModel(
      description: golden, directory: URL(filePath: "/nonexistent"), algebra: algebra,
      parallel: Parallel(threads: threads)
    ) { name in
      let tensor = RandomWeights().tensor(try #require(specs[name]))
      let page = Page(name, tensor.data, released)
      return Tensor(dtype: .f32, shape: tensor.shape, data: ByteView(tensor.data.bytes, owner: page))
    }
    let tower = try #require(golden.architecture.vision), side = tower.image.height
    let picture = PixelTensor(
      height: side, width: side, values: (0..<3 * side * side).map { Float($0 % 17) / 8 - 1 })
    let blocks = (0..<tower.blocks.layers).map { "vision.blocks.\($0)" }
    let matrices = blocks.flatMap { block in ["qkv", "out", "fc1", "fc2"].map { "\(block).\($0).weight" } }

    let first = try model.imageEmbeddings([picture])
    #expect(released.names.withLock { Set($0) } == Set(matrices))
    released.names.withLock { $0 = [] }
    #expect(try model.imageEmbeddings([picture]) == first)
    #expect(released.names.withLock { $0 } == [])
  }
}

private final class Released: Sendable {
  let names = Mutex<[String]>([])
}

/// Memory that records when it is released, but keeps its bytes.
private final class Page: RereadableMemory {
  private let name: String, data: ByteView, released: Released

  init(_ name: String, _ data: ByteView, _ released: Released) {
    (self.name, self.data, self.released) = (name, data, released)
  }

  func release(_ bytes: UnsafeRawBufferPointer) { released.names.withLock { $0.append(name) } }
}
