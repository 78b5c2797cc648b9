import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// A compressed torch archive, whose tensors use all possible layouts of their storages, has the values that torch reads.
@Suite struct DeflatedTests {
  @Test func valuesAreTorchs() throws {
    let expected = try Golden.arrays("../Cases/containers/deflated_expected.npz")
    let checkpoint = try Checkpoint.open(Golden.cases.appending(path: "containers/deflated.pt").path)
    #expect(checkpoint.entries.count == expected.count)
    for entry in checkpoint.entries {
      let want = try #require(expected[entry.name])
      let tensor = try checkpoint.tensor(entry.name)
      #expect(entry.shape == want.shape)
      if let found = tensor.floats() {
        #expect(found == want.floats, "\(entry.name)")
      } else {
        let ids = tensor.data.bytes.withMemoryRebound(to: Int64.self) { $0.map { Float($0) } }
        #expect(ids == want.floats)
      }
      guard let count = entry.shape.first, count > 0 else { continue }
      let rowSize = tensor.data.count / count
      for rows in [0..<1, count / 2..<count, 0..<count, count - 1..<count, 1..<1] {
        let part = try checkpoint.tensor(entry.name, rows: rows)
        let bytes = tensor.data.array[rows.lowerBound * rowSize..<rows.upperBound * rowSize]
        #expect(part.data.array == Array(bytes), "\(entry.name) \(rows)")
      }
    }
    #expect(expected.keys.allSatisfy { checkpoint.isReadInParts($0) })
  }
}
