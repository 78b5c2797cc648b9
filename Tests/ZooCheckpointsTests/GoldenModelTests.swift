import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Every checkpoint of the golden models opens, and those with the same weights agree bit by bit.
@Suite struct GoldenModelTests {
  /// Folders `models/MODEL/checkpoints/LAYOUT`.
  static let folders: [String] = {
    let models = (try? FileManager.default.contentsOfDirectory(atPath: Golden.url("models").path)) ?? []
    return models.sorted().flatMap { model -> [String] in
      let path = "models/\(model)/checkpoints"
      let layouts = (try? FileManager.default.contentsOfDirectory(atPath: Golden.url(path).path)) ?? []
      return layouts.sorted().map { "\(path)/\($0)" }
    }
  }()

  @Test(arguments: folders) func opensAndReadsAll(_ folder: String) throws {
    let checkpoint = try openGolden(folder)
    try readAll(checkpoint)
    #expect(checkpoint.entries.count >= 30)
    for entry in checkpoint.entries where entry.dtype.isWeight {
      #expect(try checkpoint.tensor(entry.name).floats()?.allSatisfy(\.isFinite) == true, "\(entry.name)")
    }
  }

  @Test func allFoldersWereFound() { #expect(Self.folders.count >= 26) }

  @Test(arguments: [
    ("torch_zip", Checkpoint.Container.torchZip), ("torch_legacy", .torchLegacy), ("torch_wrapped", .torchZip),
    ("sharded", .safetensorsShards),
  ])
  func containersOfTheSameWeightsAgree(_ layout: String, _ container: Checkpoint.Container) throws {
    let want = try openGolden("models/clip_gelu/checkpoints/openclip")
    let got = try openGolden("models/clip_gelu/checkpoints/\(layout)")
    #expect(got.container == container)
    #expect(Set(got.entries.map(\.name)) == Set(want.entries.map(\.name)))
    for entry in want.entries {
      let tensor = try got.tensor(entry.name)
      #expect(tensor.shape == entry.shape && tensor.dtype == entry.dtype)
      #expect(try tensor.data.array == want.tensor(entry.name).data.array, "\(entry.name)")
    }
  }

  @Test func wrappersAndPrefixesAreNoted() throws {
    let notes = try openGolden("models/clip_gelu/checkpoints/torch_wrapped").notes
    #expect(
      notes.contains {
        $0.hasPrefix(
          "The state dict was read from 'state_dict' (Lightning, open_clip and others); left out beside it: ")
      })
    #expect(notes.contains("The prefix 'module.' was taken off all names (DataParallel, DeepSpeed or AveragedModel)."))
    #expect(try openGolden("models/clip_gelu/checkpoints/torch_zip").notes == [])
  }

  @Test func deflatedArraysEqualStoredOnes() throws {
    let stored = try openGolden("models/siglip/checkpoints/npz_stored")
    let deflated = try openGolden("models/siglip/checkpoints/npz_deflated")
    #expect(stored.entries.count == deflated.entries.count && stored.container == .npz)
    for entry in stored.entries {
      #expect(entry.fileOffset != nil && deflated.entry(entry.name)?.fileOffset == nil)
      #expect(try deflated.tensor(entry.name).data.array == stored.tensor(entry.name).data.array)
    }
  }

  @Test func scriptedArchivesYieldTheNamesOfTheModules() throws {
    let checkpoint = try openGolden("models/openai_jit/checkpoints/openai")
    #expect(checkpoint.container == .torchScript)
    #expect(checkpoint.entry("visual.conv1.weight")?.dtype == .f16)
    #expect(checkpoint.entry("visual.ln_pre.weight")?.dtype == .f32)
    #expect(checkpoint.entry("input_resolution")?.dtype == .i64)
    #expect(checkpoint.entry("transformer.resblocks.0.attn.in_proj_weight") != nil)
  }
}
