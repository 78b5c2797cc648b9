import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooFixtures
import ZooImages
import ZooManifests
import ZooModels
import ZooTensors
import ZooTestSupport

@testable import ZooRuntime

/// Models with 8-bit integers: rounded while they are loaded, or stored that way.
@Suite struct Int8ModelTests {
  private func convert(_ dtype: TargetDType, to folder: URL) throws {
    let demo = Golden.repository.appending(path: "Examples/ViT-Ti-8-emoji/open_clip_model.safetensors")
    try Conversion(opening: demo.path, registry: .builtIn, dtype: dtype).write(to: folder.path)
  }

  /// A separate folder for each call, which is removed with the test's process.
  private func folder() -> URL {
    FileManager.default.temporaryDirectory.appending(path: "zoo-int8-\(UUID().uuidString)")
  }

  private func picture(_ model: ZooModel) throws -> PixelTensor {
    let size = try model.preprocessing.size
    return PixelTensor(
      height: size.height, width: size.width,
      values: (0..<3 * size.height * size.width).map { Float(sin(Double($0) * 0.013) + cos(Double($0 % 97) * 0.11)) })
  }

  private func cosine(_ a: [Float], _ b: [Float]) -> Float { dot(normalised(a), normalised(b)) }

  @Test func aStoredModelGivesWhatARoundedOneGives() throws {
    let (one, two) = (folder(), folder())
    defer { for place in [one, two] { try? FileManager.default.removeItem(at: place) } }
    try convert(.keep, to: one)
    try convert(.int8, to: two)
    let int8 = try makeAlgebra(precision: .int8)
    let reference = try ZooModel(directory: one), rounded = try ZooModel(directory: one, algebra: int8)
    let stored = try ZooModel(directory: two, algebra: int8), exact = try ZooModel(directory: two)
    let picture = try picture(reference)
    let wanted = try reference.imageEmbeddings([picture])[0], found = try rounded.imageEmbeddings([picture])[0]
    #expect(cosine(wanted, found) > 0.998)
    #expect(found != wanted)
    #expect(try stored.imageEmbeddings([picture])[0] == found)
    // Only weights are rounded.
    let halfway = try exact.imageEmbeddings([picture])[0]
    #expect(cosine(wanted, halfway) > 0.9985)
    stored.pack()
    #expect(try stored.imageEmbeddings([picture])[0] == found)
    let prompts = ["a photo of a crab", "glasses"]
    for (a, b) in zip(try reference.textEmbeddings(prompts), try stored.textEmbeddings(prompts)) {
      #expect(cosine(a, b) > 0.998)
    }
  }

  @Test(arguments: [Precision.f32, .int8]) func picturesOfOnePassGiveWhatEachGivesAlone(_ precision: Precision) throws {
    let place = folder()
    defer { try? FileManager.default.removeItem(at: place) }
    try convert(.keep, to: place)
    let model = try ZooModel(directory: place, algebra: makeAlgebra(precision: precision))
    // Packed, so that a few pictures go through a block at a time: here 3, 3 and 1.
    model.pack()
    let base = try picture(model)
    let pictures = (0..<7).map { index in
      PixelTensor(height: base.height, width: base.width, values: base.values.map { $0 * Float(cos(Double(index))) })
    }
    let together = try model.imageEmbeddings(pictures)
    #expect(Set(together).count == 7)
    for (index, picture) in pictures.enumerated() {
      #expect(try model.imageEmbeddings([picture])[0] == together[index])
    }
  }

  @Test func matricesWithoutScalesAreRefused() throws {
    let place = folder()
    defer { try? FileManager.default.removeItem(at: place) }
    try convert(.int8, to: place)
    let file = place.appending(path: "weights.safetensors").path
    let stored = try Checkpoint.openAsStored(file), name = "vision.blocks.0.qkv.weight"
    let kept = stored.entries.filter { $0.name != "\(name)_scale" }
    let writer = try SafetensorsWriter(
      "\(file).new", tensors: kept.map { ($0.name, $0.dtype, $0.shape) }, metadata: [:])
    for entry in kept { try writer.append(stored.tensor(entry.name).data) }
    try writer.finish()
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.moveItem(atPath: "\(file).new", toPath: file)
    #expect(throws: ModelError.missingTensor(file: file, tensor: "\(name)_scale")) { try ZooModel(directory: place) }
  }
}
