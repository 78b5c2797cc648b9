import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Which of the files in a folder are the checkpoint.
@Suite struct FolderTests {
  /// A checkpoint with a one-byte tensor.
  private func checkpoint(_ name: String, _ value: UInt8 = 0) -> [UInt8] {
    safetensors(#"{"in \#(name)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, [value])
  }

  private func opened(_ files: [String], in folder: TemporaryFolder) throws -> Checkpoint {
    for (position, file) in files.enumerated() { _ = try folder.write(checkpoint(file, UInt8(position)), file) }
    return try Checkpoint.open(folder.path)
  }

  /// The first file is the one that is read.
  @Test(arguments: [
    ["open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin", "epoch_3.pt"],
    ["model.safetensors", "pytorch_model.bin", "model.fp16.safetensors", "adapter_model.safetensors"],
    ["epoch_3.safetensors", "epoch_3.pt"], ["w.fp16.safetensors", "w.bf16.safetensors"], ["w.bin", "w.fp16.bin"],
    ["last.pt", "optimizer.pt", "rng_state.pth", "training_args.bin", "scheduler.bin"],
  ])
  func theFirst(_ files: [String]) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try opened(files, in: folder)
    #expect(checkpoint.path == folder(files[0]))
    #expect(checkpoint.notes.isEmpty == (files[0] == "last.pt"))
    #expect(checkpoint.notes.allSatisfy { $0.hasPrefix("'\(files[0])' was read and not ") })
    // An explicit name wins.
    #expect(try Checkpoint.open(folder(files[1])).path == folder(files[1]))
  }

  @Test func anAdapterBesideAModelIsNotApplied() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-adapter-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let model = Golden.url("models/clip_gelu/checkpoints/hf/model.safetensors")
    for name in ["model.safetensors", "adapter_model.safetensors"] {
      try FileManager.default.copyItem(at: model, to: folder.appending(path: name))
    }
    #expect(
      try Checkpoint.open(folder.path).notes == [
        "The adapter 'adapter_model.safetensors' beside it is not applied: merge it with merge_and_unload() of PEFT first."
      ])
  }

  @Test func severalAreNotGuessed() throws {
    let folder = try TemporaryFolder()
    let error = try checkpointError { _ = try opened(["epoch_2.pt", "epoch_3.pt"], in: folder) }
    #expect(error.rule == .severalCheckpointsInFolder && error.found == "epoch_2.pt, epoch_3.pt")
    _ = try folder.write(checkpoint("epoch_2.pt"), "epoch_3.pt")
    let same = try Checkpoint.open(folder.path)
    #expect(same.path == folder("epoch_2.pt"))
    #expect(
      same.notes == [
        "'epoch_2.pt' was read and not 'epoch_3.pt' beside it, whose content is the same: name a file to read that one."
      ])
  }

  @Test(arguments: [
    "model-0000N-of-00003.safetensors", "pytorch_model-0000N-of-00003.bin", "model.fp16-0000N-of-00003.safetensors",
  ])
  func shardsWithoutAnIndexAreFoundByTheirNames(_ pattern: String) throws {
    let folder = try TemporaryFolder()
    let names = (1...3).map { pattern.replacing("N", with: "\($0)") }
    let shards = try opened(names, in: folder)
    #expect(shards.entries.map(\.name) == names.map { "in \($0)" } && shards.files == names.map { folder($0) })
    #expect(shards.container == .safetensorsShards && shards.path == folder(names[0]))
    #expect(shards.notes == ["There is no index of the 3 shards: they were put together by their names."])
    // One of them brings in the others; opened as stored, it is on its own.
    #expect(try Checkpoint.open(folder(names[1])).entries.count == 3)
    #expect(try Checkpoint.openAsStored(folder(names[1])).entries.map(\.name) == ["in \(names[1])"])
    folder.remove(names[1])
    for path in [folder.path, folder(names[2])] {
      let error = try checkpointError { _ = try Checkpoint.open(path) }
      #expect(error.rule == .shardMissing && error.found == folder(names[1]))
    }
  }

  @Test(arguments: ["model.safetensors.index.json", "model.safetensors.index.fp16.json"])
  func anIndexIsFoundUnderEveryVariant(_ name: String) throws {
    let folder = try TemporaryFolder()
    let variant = name.contains("fp16") ? ".fp16" : ""
    for number in 1...2 {
      let shard = "model\(variant)-0000\(number)-of-00002.safetensors"
      _ = try folder.write(checkpoint("t\(number)"), shard)
    }
    let map = (1...2).map { #""in t\#($0)":"model\#(variant)-0000\#($0)-of-00002.safetensors""# }.joined(separator: ",")
    let index = try folder.write(Array(#"{"weight_map":{\#(map)}}"#.utf8), name)
    for path in [folder.path, index, folder("model\(variant)-00002-of-00002.safetensors")] {
      let checkpoint = try Checkpoint.open(path)
      #expect(
        checkpoint.path == index && checkpoint.entries.map(\.name) == ["in t1", "in t2"] && checkpoint.notes.isEmpty)
    }
  }
}
