import Foundation
import Testing
import ZooCheckpoints
import ZooConvert
import ZooImages
import ZooManifests
import ZooModels
import ZooRuntime
import ZooTestSupport

/// Checkpoints whose names imply what no shape reveals: timm 1.0.31's logits for one picture.
@Suite struct TimmCaseTests {
  private static let folder = Golden.url("../Cases/timm").standardizedFileURL

  @Test(arguments: ["plain", "rpn", "clip_eps", "max", "siglip_tanh_gap"])
  func logitsAreTimms(_ name: String) throws {
    let all = try JSONDecoder().decode(
      [String: [Float]].self, from: Data(contentsOf: Self.folder.appending(path: "logits.json")))
    let source = try Checkpoint.open(Self.folder.appending(path: name).path)
    let conversion = try Conversion(source, registry: .builtIn), identified = conversion.model
    let target = FileManager.default.temporaryDirectory.appending(path: "zoo-timm-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: target) }
    try conversion.write(to: target.path)
    let model = try ZooModel(directory: target)
    let image = try Picture(contentsOf: Golden.url("models/clip_gelu/inputs/image_a.png"))
    let picture = preprocess(image, try #require(identified.preprocessing)).tensor
    let logits = try model.imageEmbeddings([picture])[0]
    let want = try #require(all[name])
    #expect(logits.count == want.count)
    // The reference has five digits.
    #expect(zip(logits, want).allSatisfy { abs($0 - $1) < 2e-5 }, "\(logits)")
  }

  /// 13 positions with a class token are 12 patches, in a rectangle that only the caller knows.
  @Test func aRectangleNeedsItsSize() throws {
    let source = try Checkpoint.open(Self.folder.appending(path: "rect/vit_base_patch8_rect.safetensors").path)
    var options = ConversionOptions()
    let open = #expect(throws: ConvertError.self) { try identify(source, options: options, registry: .builtIn) }
    #expect(
      open?.description
        == "\(source.path) does not say the shape of the patch grid (13 positions); settle it with --image-size")
    options.imageSize = GridSize(height: 40, width: 40)
    let wrong = #expect(throws: ConvertError.self) { try identify(source, options: options, registry: .builtIn) }
    #expect(
      wrong?.description
        == "\(source.path) cannot be used: a picture of 40x40 (--image-size) has 5x5 patches of 8 pixels, but the "
        + "position table is for 12 patches")
    options.imageSize = GridSize(height: 24, width: 32)
    let model = try identify(source, options: options, registry: .builtIn)
    #expect(model.architecture.vision?.grid == GridSize(height: 3, width: 4))
    #expect(model.preprocessing?.size == GridSize(height: 24, width: 32))
  }
}
