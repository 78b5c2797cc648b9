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
  /// A golden's architecture with random weights that report when their memory is given back.
  private func model(_ algebra: any LinearAlgebra, threads: Int, _ released: Released) throws -> ZooModel {
    let golden = try GoldenModel("clip_gelu", "openclip/open_clip_model.safetensors").model.description
    let specs = Dictionary(uniqueKeysWithValues: golden.architecture.tensors.map { ($0.name, $0) })
    return try ZooModel(
      description: golden, directory: URL(filePath: "/nonexistent"), algebra: algebra,
      parallel: Parallel(threads: threads)
    ) { name in
      let tensor = RandomWeights().tensor(try #require(specs[name]))
      let page = Page(name, tensor.data, released)
      return Tensor(dtype: .f32, shape: tensor.shape, data: ByteView(tensor.data.bytes, owner: page))
    }
  }

  private func matrices(_ tower: String, _ blocks: Blocks) -> [String] {
    (0..<blocks.layers).flatMap { layer in
      ["qkv", "out", "fc1", "fc2"].map { "\(tower).blocks.\(layer).\($0).weight" }
    }
  }

  @Test(arguments: Precision.allCases, [1, 2])
  func theFirstPassGivesItsMatricesBackAndOthersKeepThem(precision: Precision, threads: Int) throws {
    guard let algebra = Kernels(precision: precision) else { return }
    let released = Released(), model = try model(algebra, threads: threads, released)
    let tower = try #require(model.architecture.vision), side = tower.image.height
    let picture = PixelTensor(
      height: side, width: side, values: (0..<3 * side * side).map { Float($0 % 17) / 8 - 1 })

    let first = try model.imageEmbeddings([picture])
    #expect(released.names.withLock { Set($0) } == Set(matrices("vision", tower.blocks)))
    released.names.withLock { $0 = [] }
    #expect(try model.imageEmbeddings([picture]) == first)
    #expect(released.names.withLock { $0 } == [])
  }

  @Test(arguments: Precision.allCases)
  func promptsGiveTheirMatricesBackUnlessMoreWillCome(precision: Precision) throws {
    guard let algebra = Kernels(precision: precision) else { return }
    let released = Released(), model = try model(algebra, threads: 2, released)
    let tower = try #require(model.architecture.text)
    var prompt = [Int32](repeating: 0, count: tower.contextLength)
    prompt[0..<4] = [1, 5, 9, Int32(tower.vocabulary - 1)]
    var first: [[Float]]?
    for _ in 0..<2 {
      released.names.withLock { $0 = [] }
      let found = try model.textEmbeddings(tokens: [prompt])
      #expect(released.names.withLock { Set($0) } == Set(matrices("text", tower.blocks)))
      #expect(found == first ?? found)
      first = found
    }
    model.keepText()
    #expect(try model.textEmbeddings(tokens: [prompt]) == first)
    released.names.withLock { $0 = [] }
    #expect(try model.textEmbeddings(tokens: [prompt]) == first)
    #expect(released.names.withLock { $0 } == [])
  }

  /// Widened weights are kept, and their integers or halves are not read again.
  @Test func matricesOfIntegersAreUnmapped() {
    let released = Released(), bytes = ByteView(copying: [Int8](repeating: 3, count: 12))
    let page = Page("w", bytes, released)
    let scales = FloatView(Tensor([Float](repeating: 0.5, count: 3), shape: [3]))
    let matrix = WeightMatrix(
      Tensor(dtype: .i8, shape: [3, 4], data: ByteView(bytes.bytes, owner: page)), scales: scales)
    matrix.unmap()
    #expect(released.names.withLock { $0 } == ["w"])
    #expect(matrix.floats.array == [Float](repeating: 1.5, count: 12))
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
