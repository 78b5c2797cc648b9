import Foundation
import Testing
import ZooFixtures
import ZooModels
import ZooRuntime

/// Text embeddings are cached by model, arithmetic and tokens.
@Suite struct TextCacheTests {
  @Test func keptEmbeddingsAreTheComputedOnesAndDamagedFilesAreIgnored() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "zoo-cache-\(UUID().uuidString)")
    let folder = root.appending(path: "model")
    defer { try? FileManager.default.removeItem(at: root) }
    try GoldenModel.convert("clip_gelu", "openclip/open_clip_model.safetensors", to: folder)
    let cache = root.appending(path: "cache")
    let prompts = ["a photo of a cat", "a red car on the street"]
    let plain = try ZooModel(directory: folder).textEmbeddings(prompts)
    let first = try ZooModel(directory: folder, textCache: cache).textEmbeddings(prompts)
    #expect(first == plain)
    let files = try FileManager.default.subpathsOfDirectory(atPath: cache.path).filter { $0.contains("/") }
    #expect(files.count == 2)

    // The content of a file is returned if its digest matches.
    #expect(try ZooModel(directory: folder, textCache: cache).textEmbeddings(prompts) == plain)
    let changed = cache.appending(path: files[0]), whole = try Data(contentsOf: changed)
    var nan = whole, bit = whole
    nan.replaceSubrange(whole.count - 4..<whole.count, with: [0, 0, 0xC0, 0x7F])
    bit[bit.count - 1] ^= 1
    let other = try Data(contentsOf: cache.appending(path: files[1]))
    for damage in [nan, bit, other, Data(repeating: 0, count: 7), Data(), whole + [0]] {
      try damage.write(to: changed)
      // One prompt alone may differ from two at once in the last digits.
      let again = try ZooModel(directory: folder, textCache: cache).textEmbeddings(prompts)
      for (found, want) in zip(again.joined(), plain.joined()) {
        #expect(abs(found - want) <= 1e-5 * max(1, abs(want)))
      }
      #expect(try Data(contentsOf: changed).count == whole.count)
    }

    let single = try ZooModel(directory: folder, algebra: BLAS(), textCache: cache)
    #expect(try single.textEmbeddings([prompts[1]]).count == 1)
  }
}
