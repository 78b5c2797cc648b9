import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Parts of tensors, and memory that is released while they are read.
@Suite struct PartialReadTests {
  private func expectRows(_ checkpoint: Checkpoint, _ name: String, inParts: Bool) throws {
    let whole = try checkpoint.tensor(name)
    let count = whole.shape[0], size = whole.data.count / count
    #expect(checkpoint.isReadInParts(name) == inParts)
    // From front to back, from back to front, and all at once.
    let ranges = [0..<1, 1..<count - 1, count - 1..<count, 0..<count / 2, count / 2..<count, 2..<3, 0..<count, 1..<1]
    for rows in ranges + ranges.reversed() {
      let part = try checkpoint.tensor(name, rows: rows)
      #expect(part.shape == [rows.count] + whole.shape.dropFirst())
      #expect(part.data.bytes.elementsEqual(whole.data.bytes[rows.lowerBound * size..<rows.upperBound * size]))
    }
  }

  @Test func rowsOfACompressedTensorAreThoseOfTheWhole() throws {
    let checkpoint = try Checkpoint.open(Golden.url("models/siglip/checkpoints/npz_deflated/siglip.npz").path)
    for name in ["params/txt/Embed_0/embedding", "params/img/Transformer/encoderblock_1/MlpBlock_0/Dense_0/kernel"] {
      try expectRows(checkpoint, name, inParts: true)
    }
  }

  @Test func rowsOfAMappedTensorAreAView() throws {
    let checkpoint = try Checkpoint.open(Golden.url("models/siglip/checkpoints/npz_stored/siglip.npz").path)
    try expectRows(checkpoint, "params/txt/Embed_0/embedding", inParts: false)
    #expect(throws: CheckpointError.self) { try checkpoint.tensor("nothing", rows: 0..<1) }
  }

  @Test func aWrongChecksumShowsWithTheLastRow() throws {
    var bytes = try Golden.bytes("models/siglip/checkpoints/npz_deflated/siglip.npz")
    let name = Array("params/txt/Embed_0/embedding.npy".utf8)
    // The name is in the local header and in the directory, where the checksum is 30 bytes before it.
    let place = try #require(bytes.indices.last { bytes[$0...].starts(with: name) })
    bytes[place - 30] ^= 1
    let checkpoint = try openBytes(bytes, "x.npz")
    let count = try #require(checkpoint.entry("params/txt/Embed_0/embedding")?.shape[0])
    for _ in 0..<2 {
      _ = try checkpoint.tensor("params/txt/Embed_0/embedding", rows: 0..<count - 1)
      let error = #expect(throws: CheckpointError.self) {
        try checkpoint.tensor("params/txt/Embed_0/embedding", rows: count - 1..<count)
      }
      #expect(error?.rule == .zipChecksum)
    }
  }

  @Test func memoryThatWasGivenBackIsReadAgain() throws {
    let path = NSTemporaryDirectory() + "zoo-release-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    try Data(content).write(to: URL(filePath: path))
    let map = try MappedFile(path)
    for range in [0..<100_000, 5000..<60_000, 99_000..<100_000, 10..<20] {
      map.view[range].release()
      #expect(map.view.bytes.elementsEqual(content))
    }
    // Views that are not backed by a file are not affected.
    let view = ByteView(copying: content)
    view.release()
    #expect(view.bytes.elementsEqual(content))
  }
}
