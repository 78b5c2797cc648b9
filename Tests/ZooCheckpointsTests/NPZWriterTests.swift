import Foundation
import Testing
import ZooCheckpoints
import ZooTensors

/// NPZ archives as NumPy writes them.
@Suite struct NPZWriterTests {
  private func scratch() -> String { NSTemporaryDirectory() + "zoo-npz-\(UUID().uuidString).npz" }

  private func write(_ path: String, _ tensors: [(String, DType, [Int], [UInt8])]) throws {
    let writer = try NPZWriter(path, tensors: tensors.map { ($0.0, $0.1, $0.2) })
    for tensor in tensors {
      // In pieces of three bytes.
      for start in stride(from: 0, to: tensor.3.count, by: 3) {
        let piece = Array(tensor.3[start..<min(start + 3, tensor.3.count)])
        try piece.withUnsafeBytes { try writer.append($0) }
      }
    }
    try writer.finish()
  }

  @Test func whatIsWrittenIsRead() throws {
    let path = scratch()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let tensors: [(String, DType, [Int], [UInt8])] = [
      ("a/b", .f32, [2, 1], [0, 0, 128, 63, 0, 0, 0, 192]), ("scalar", .f16, [], [0, 60]), ("none", .f64, [0, 3], []),
      ("half", .bf16, [3], [128, 63, 0, 0, 1, 2]), ("last", .i8, [1], [255]),
    ]
    try write(path, tensors)
    let checkpoint = try Checkpoint.open(path)
    #expect(checkpoint.container == .npz)
    #expect(checkpoint.entries.map(\.name) == tensors.map(\.0))
    for (name, dtype, shape, bytes) in tensors {
      let tensor = try checkpoint.tensor(name)
      #expect(tensor.dtype == dtype && tensor.shape == shape && Array(tensor.data.bytes) == bytes, "\(name)")
    }
    let file = [UInt8](try Data(contentsOf: URL(filePath: path)))
    #expect(file.starts(with: [0x50, 0x4B, 3, 4, 45, 0]))
    // The first member's name, then ZIP64 sizes, then the array: magic, version 1.0, the header's length.
    #expect(Array(file[30..<37]) == Array("a/b.npy".utf8))
    #expect(Array(file[57..<67]) == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0])
    #expect(
      String(decoding: file[67..<128], as: UTF8.self) == "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }  "
    )
  }

  @Test func anIncompleteArchiveIsNotLeftBehind() throws {
    let path = scratch()
    let writer = try NPZWriter(path, tensors: [("a", .f32, [2])])
    try [UInt8](repeating: 1, count: 4).withUnsafeBytes { try writer.append($0) }
    let error = #expect(throws: CheckpointError.self) { try writer.finish() }
    #expect(error?.rule == .writeTooLittle)
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
    #expect(!FileManager.default.fileExists(atPath: path))
    let second = try NPZWriter(path, tensors: [("a", .f32, [1])])
    #expect(throws: CheckpointError.self) {
      try [UInt8](repeating: 1, count: 5).withUnsafeBytes { try second.append($0) }
    }
  }

  @Test func namesAndTypesThatCannotBeAreRefused() {
    #expect(throws: CheckpointError.self) { try NPZWriter(scratch(), tensors: [("a", .f32, [1]), ("a", .f32, [1])]) }
    #expect(throws: CheckpointError.self) { try NPZWriter(scratch(), tensors: [("a", .f8e4m3, [1])]) }
  }
}
