import Testing
import ZooTestSupport

@testable import ZooText

@Suite struct NormalizationTests {
  /// Unicode's own test file: columns 2 to 5 are the normal forms of every column.
  @Test func unicodesTestsHold() throws {
    let text = String(decoding: try Golden.bytes("unicode/normalization.txt"), as: UTF8.self)
    let rows = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(rows.count == 477)
    for row in rows {
      let columns = row.split(separator: ";").map { column in
        column.split(separator: " ").compactMap { UInt32($0, radix: 16).flatMap(Unicode.Scalar.init) }
      }
      try #require(columns.count == 5)
      for (place, column) in columns.enumerated() {
        let isCompatible = place > 2
        #expect(Normalization.nfc(column) == columns[isCompatible ? 3 : 1], "\(row), column \(place)")
        #expect(Normalization.nfd(column) == columns[isCompatible ? 4 : 2], "\(row), column \(place)")
        #expect(Normalization.nfkc(column) == columns[3], "\(row), column \(place)")
        #expect(Normalization.nfkd(column) == columns[4], "\(row), column \(place)")
      }
    }
  }
}
