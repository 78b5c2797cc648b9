import Foundation
import Testing
import ZooCheckpoints

/// Numbers in fields that nobody reads: values beyond 64 bits are rejected, as safetensors 0.5 does for the same headers.
@Suite struct NumbersOutOfRangeTests {
  private static let nines = String(repeating: "9", count: 400)

  private func open(_ number: String) throws {
    let folder = try TemporaryFolder()
    let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":\(number)}}"
    let padding = Data(repeating: 0x20, count: (8 - header.utf8.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(header.utf8.count + padding.count).littleEndian) { Data($0) }
    let bytes = length + Data(header.utf8) + padding + Data(count: 4)
    _ = try Checkpoint.open(folder.write([UInt8](bytes), "a.safetensors"))
  }

  @Test(arguments: [
    "1e400", "-1e400", "1.8e308", "1e309", "[1e400]", "{\"y\":1e999999999999}", nines, "1.7976931348623159e308",
  ])
  func areRefused(number: String) throws {
    let error = #expect(throws: CheckpointError.self) { try open(number) }
    #expect(error?.rule == .jsonNotAnInteger)
    #expect(error?.expected == "a number that 64 bits hold")
  }

  @Test(arguments: ["1e308", "1e-400", "0e999999", "18446744073709551616", "-0", "1.7976931348623157e308", "\"1e400\""])
  func othersAreReadOver(number: String) throws { try open(number) }
}
