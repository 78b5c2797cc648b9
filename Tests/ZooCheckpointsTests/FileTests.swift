import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

@Suite struct FileTests {
  @Test func whatIsNoFileIsRefusedWithoutWaiting() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder("pipe"), 0o600)
    #expect(try checkpointError { _ = try Checkpoint.open(folder("pipe")) }.rule == .notAFile)
    #expect(try checkpointError { _ = try Checkpoint.open("/dev/null") }.rule == .notAFile)
    #expect(try checkpointError { _ = try MappedFile(folder.path) }.rule == .notAFile)
    #expect(try checkpointError { _ = try Checkpoint.open(folder("absent")) }.rule == .notFound)
    #expect(try checkpointError { _ = try Checkpoint.open("") }.rule == .notFound)
    #expect(try checkpointError { _ = try Checkpoint.open(folder.write([], "nothing")) }.rule == .empty)
    let text = try folder.write(Array("hello".utf8), "text")
    #expect(
      try checkpointError { _ = try Checkpoint.open(text) }.description
        == "\(text): this is text, not a checkpoint: 'hello'")
  }

  @Test func aViewKeepsItsFileMapped() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], "a")
    let view = try MappedFile(path).view
    try FileManager.default.removeItem(atPath: path)
    #expect(view.array == [1, 2, 3])
  }

  @Test func theOneCheckpointOfAFolderIsFound() throws {
    let folder = try TemporaryFolder()
    #expect(try checkpointError { _ = try Checkpoint.open(folder.path) }.rule == .noCheckpointInFolder)
    _ = try folder.write(safetensors("{}"), "weights.safetensors")
    #expect(try Checkpoint.open(folder.path).path == folder("weights.safetensors"))
    _ = try folder.write(safetensors("{}"), "model.safetensors")
    #expect(try Checkpoint.open(folder.path + "/").path.hasSuffix("/model.safetensors"))
    _ = try folder.write(safetensors("{}"), "open_clip_model.safetensors")
    #expect(try Checkpoint.open(folder.path).path.hasSuffix("/open_clip_model.safetensors"))
  }

  @Test func shardsAreOneTable() throws {
    let whole = try openGolden("models/clip_gelu/checkpoints/openclip")
    let shards = try openGolden("models/clip_gelu/checkpoints/sharded")
    #expect(shards.container == .safetensorsShards && shards.files.count == 4)
    #expect(Set(shards.entries.map(\.name)) == Set(whole.entries.map(\.name)))
    for entry in whole.entries {
      #expect(try shards.tensor(entry.name).data.array == whole.tensor(entry.name).data.array)
    }
  }

  @Test func digestsAreThoseOfTheStandard() {
    func digest(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { "\(sha256(of: $0))" } }
    #expect(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let hasher = SHA256Hasher()
    for piece in ["", "a", "b", "c"] { Array(piece.utf8).withUnsafeBytes { hasher.update($0) } }
    #expect("\(hasher.finish())" == digest("abc"))
  }
}
