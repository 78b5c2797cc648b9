import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// 8-bit weights are the numbers that torch reads, multiplied by their scales.
@Suite struct Float8Tests {
  private func path(_ name: String) -> String { Golden.url("../Cases/containers/" + name).standardized.path }

  @Test(arguments: ["float8.safetensors", "float8.pt"]) func valuesTimesScales(_ file: String) throws {
    let expected = try Golden.arrays("../Cases/containers/float8_expected.npz")
    let checkpoint = try Checkpoint.open(path(file))
    let isWhole = file.hasSuffix("safetensors")
    #expect(checkpoint.entries.count == (isWhole ? expected.count : 3))
    for entry in checkpoint.entries {
      let want = try #require(expected[entry.name])
      let found = try #require(try checkpoint.tensor(entry.name).floats())
      #expect(entry.shape == want.shape && found.count == want.floats.count)
      for (a, b) in zip(found, want.floats) { #expect(a == b || (a.isNaN && b.isNaN), "\(entry.name): \(a), \(b)") }
      // A part equals the same rows of the whole.
      guard let rows = entry.shape.first, rows > 2 else { continue }
      let part = try #require(try checkpoint.tensor(entry.name, rows: 1..<rows - 1).floats())
      let inner = found[found.count / rows..<found.count / rows * (rows - 1)]
      #expect(zip(part, inner).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    #expect(checkpoint.entry("e4m3.weight")?.dtype == .f16 && checkpoint.entry("rows.weight")?.dtype == .f32)
    if isWhole {
      #expect(
        checkpoint.notes == [
          "9 tensors are 8-bit floats (F8_E4M3 and F8_E4M3FNUZ and F8_E5M2 and F8_E5M2FNUZ): they are read as their "
            + "values, 5 of them times their scales."
        ])
    }
  }

  @Test func aScaleOfAnUnknownShapeIsRefused() throws {
    let error = try checkpointError { _ = try Checkpoint.open(path("float8_odd_scale.safetensors")) }
    #expect(error.rule == .float8Scale && error.tensor == "w.weight_scale")
    #expect(
      error.description.hasSuffix(
        "the scale of an 8-bit tensor does not fit it: expected one number, one for each of 4 rows, or one for each "
          + "block of 128 x 128, found F32 [3] for [4, 6] (byte \(error.offset ?? 0))"))
  }
}
