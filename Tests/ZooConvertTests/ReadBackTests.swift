import Foundation
import Testing
import ZooCheckpoints
import ZooTensors

@testable import ZooConvert

/// Reading a file back while it is being written.
@Suite struct ReadBackTests {
  private let fine = TensorInspector.Findings(digest: nil, broken: 0, isAllZero: false)

  /// Writes the tensors of the golden model one by one; `spoil` may change what reaches the file.
  private func readBack(
    findings: TensorInspector.Findings? = nil, spoil: (_ row: Int, _ bytes: inout [UInt8]) -> Void = { _, _ in }
  ) throws -> (digests: [String: String], written: Checkpoint, plan: ConversionPlan) {
    let scratch = try ScratchFolder()
    let conversion = try planned(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors"))
    let (checkpoint, plan) = (conversion.checkpoint, conversion.plan)
    let path = scratch.file("weights.safetensors")
    let writer = try SafetensorsWriter(path, tensors: plan.rows.map { ($0.target, $0.dtype, $0.shape) })
    let back = try ReadBack(writer.growing, called: path, plan, of: checkpoint)
    defer { back.stop() }
    for (index, row) in plan.rows.enumerated() {
      var bytes: [UInt8] = []
      try row.expression.forEachPiece(in: checkpoint) { piece in
        try piece.stream(as: row.dtype, chunk: 1 << 20) { bytes += $0 }
      }
      spoil(index, &bytes)
      try writer.append(ByteView(copying: bytes))
      try back.add(findings ?? fine)
    }
    try writer.finish(synced: false)
    return (try back.finish { _ in }, try Checkpoint.open(path), plan)
  }

  @Test func everyTensorIsDigestedAsItLiesInTheFile() throws {
    let result = try readBack()
    #expect(result.digests.count == result.plan.rows.count)
    for entry in result.written.entries {
      let tensor = try result.written.tensor(entry.name)
      #expect(result.digests[entry.name] == "\(sha256(of: tensor.data.bytes))")
    }
  }

  @Test(arguments: [0, 3, 7]) func oneWrongByteIsFoundAndItsTensorNamed(at place: Int) throws {
    let rows = try planned(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors")).plan.rows
    let error = #expect(throws: ConvertError.self) {
      _ = try readBack { row, bytes in if row == place { bytes[bytes.count - 1] ^= 1 } }
    }
    guard case .digestMismatch(tensor: rows[place].target, let file) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file.hasSuffix("/weights.safetensors"))
  }

  @Test func tensorsDigestedOnTheWayAreComparedByThat() throws {
    #expect(throws: ConvertError.self) { _ = try readBack(findings: .init(digest: "00", broken: 0, isAllZero: false)) }
  }

  @Test func aWriterThatGivesUpEndsIt() throws {
    let scratch = try ScratchFolder()
    let conversion = try planned(golden("clip_gelu/checkpoints/openclip/open_clip_model.safetensors"))
    let (checkpoint, plan) = (conversion.checkpoint, conversion.plan)
    let writer = try SafetensorsWriter(
      scratch.file("weights.safetensors"), tensors: plan.rows.map { ($0.target, $0.dtype, $0.shape) })
    let back = try ReadBack(writer.growing, called: "weights.safetensors", plan, of: checkpoint)
    back.stop()
    #expect(throws: CancellationError.self) { try back.add(fine) }
    #expect(throws: CancellationError.self) { try back.finish { _ in } }
  }
}
