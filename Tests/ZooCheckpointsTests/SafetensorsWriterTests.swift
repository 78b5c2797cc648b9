import Foundation
import Testing
import ZooCheckpoints
import ZooTensors

@Suite struct SafetensorsWriterTests {
  @Test func theFileIsWhatTheFormatAsksFor() throws {
    let folder = try TemporaryFolder()
    let writer = try SafetensorsWriter(
      folder("a"), tensors: [("w \"\\\n", .f32, [1, 2]), ("none", .u8, [0]), ("b", .u8, [3])], metadata: ["k": "v"])
    try writer.append(ByteView(copying: [1, 2] as [Float])[0..<3])
    try writer.append(ByteView(copying: [1, 2] as [Float])[3..<8])
    try writer.append(ByteView(copying: [7, 8, 9] as [UInt8]))
    #expect(!FileManager.default.fileExists(atPath: folder("a")))
    try writer.finish()
    let json =
      #"{"__metadata__":{"k":"v"},"w \"\\\u000a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"#
      + #""none":{"dtype":"U8","shape":[0],"data_offsets":[8,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}"#
    let length = (8 + json.utf8.count + 63) / 64 * 64 - 8
    let padded = json + String(repeating: " ", count: length - json.utf8.count)
    let want = safetensors(padded, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 7, 8, 9])
    #expect(try [UInt8](Data(contentsOf: URL(filePath: folder("a")))) == want)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])

    let checkpoint = try Checkpoint.open(folder("a"))
    #expect(checkpoint.entries.map(\.name) == ["w \"\\\n", "none", "b"])
    #expect(checkpoint.entries[0].fileOffset! % 64 == 0)
    #expect(checkpoint.metadata == ["k": "v"])
  }

  @Test func tensorsCanBeReadWhenTheyAreWritten() throws {
    let folder = try TemporaryFolder()
    let writer = try SafetensorsWriter(folder("a"), tensors: [("w", .u8, [2]), ("v", .u8, [2])])
    let growing = try Checkpoint.open(writer.growing)
    try writer.append(ByteView(copying: [5, 6] as [UInt8]))
    #expect(try Array(growing.tensor("w").data.bytes) == [5, 6])
    try writer.append(ByteView(copying: [7, 8] as [UInt8]))
    try writer.finish()
    #expect(try Array(growing.tensor("v").data.bytes) == [7, 8])
  }

  @Test func aFileWhoseHeaderMakesItTooLongIsRefused() throws {
    let folder = try TemporaryFolder()
    let sizes = Array(repeating: 1 << 60, count: 7) + [(1 << 60) - 9]
    let slots = sizes.enumerated().map { ("\($0)", DType.u8, [$1]) }
    let error = try checkpointError { _ = try SafetensorsWriter(folder("a"), tensors: slots) }
    #expect(error.rule == .sizeOverflow)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func anUnfinishedFileDisappears() throws {
    let folder = try TemporaryFolder()
    do {
      let writer = try SafetensorsWriter(folder("a"), tensors: [("w", .u8, [2])])
      try writer.append(ByteView(copying: [1] as [UInt8]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.partial"])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(safetensors("{}"), "a")
    let writer = try SafetensorsWriter(path, tensors: [("w", .u8, [2])])
    #expect(throws: CheckpointError.self) { try writer.finish() }
    #expect(try Checkpoint.open(path).entries.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
  }

  @Test func bytesMustFitTheTensors() throws {
    let folder = try TemporaryFolder()
    let writer = try SafetensorsWriter(folder("a"), tensors: [("w", .u8, [2]), ("v", .u8, [2])])
    let error = try checkpointError { try writer.append(ByteView(copying: [1, 2, 3] as [UInt8])) }
    #expect(error.rule == .writeTooMuch && error.tensor == "w" && error.blame == .work)
    #expect(throws: CheckpointError.self) { try writer.append(ByteView(copying: [1, 2] as [UInt8])) }
    #expect(throws: CheckpointError.self) { try writer.finish() }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func slotsThatTheFormatCannotHoldAreRefused() throws {
    let folder = try TemporaryFolder()
    let cases: [([SafetensorsWriter.Slot], CheckpointError.Rule)] = [
      ([("w", .u8, [1]), ("w", .u8, [1])], .duplicateName), ([("__metadata__", .u8, [1])], .duplicateName),
      ([("w", .c128, [1])], .unknownDType), ([("w", .u8, [-1])], .sizeOverflow),
      ([("w", .f32, [Int.max, 2])], .sizeOverflow), ([("w", .f4, [1])], .partialByte),
    ]
    for (slots, rule) in cases {
      #expect(try checkpointError { _ = try SafetensorsWriter(folder("a"), tensors: slots) }.rule == rule)
    }
    let error = try checkpointError { _ = try SafetensorsWriter(folder("no/folder"), tensors: []) }
    #expect(error.rule == .writeFailed && error.blame == .work)
  }
}
