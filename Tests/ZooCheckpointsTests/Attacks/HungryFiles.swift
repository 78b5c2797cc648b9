import Foundation
import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

/// Small files that would take gigabytes: the memory for values and tensors is counted before there are too many.
@Suite struct HungryFilesTests {
  /// 16 kB each, which expand to a thousand times as many opcodes.
  @Test(arguments: [
    ("dup", "values that fit in 80 MB of memory"), ("memoize", "memo slots up to 2097152"),
    ("tuple1", "values that fit in 80 MB of memory"), ("strings16", "values that fit in 80 MB of memory"),
  ])
  func picklesThatRepeatOneOpcode(name: String, expected: String) throws {
    let path = Golden.cases.appending(path: "attacks/pickle/\(name).pt").path
    let error = try checkpointError { _ = try Checkpoint.open(path) }
    #expect(error.rule == .pickleTooLarge && error.expected == expected)
  }

  private func open(_ pickle: [UInt8], storage: [UInt8] = []) throws -> Checkpoint {
    try openBytes(StoredZip([("a/data.pkl", pickle), ("a/data/0", storage)]).bytes, "a.pt")
  }

  private func repeated(_ text: String, head: String = "") -> [UInt8] {
    var bytes = Array(text.utf8)
    while bytes.count < 8 << 20 { bytes += bytes }
    return [0x80, 2] + Array(head.utf8) + bytes
  }

  @Test(arguments: ["(", "]", "]Na", "}NNs"]) func picklesThatMakeEmptyThings(unit: String) throws {
    let error = try checkpointError { _ = try open(repeated(unit, head: "}")) }
    #expect(error.rule == .pickleTooLarge && error.expected == "values that fit in 80 MB of memory")
  }

  @Test func aMemoSlotFarAway() throws {
    let pickle = [0x80, 2] + Array("Nr".utf8) + [255, 255, 255, 255] + Array(".".utf8)
    let error = try checkpointError { _ = try open(pickle) }
    #expect(error.rule == .pickleTooLarge && error.found == "4294967295")
  }

  @Test func oneTensorUnderManyNames() throws {
    let one = Array("}X\u{1}\0\0\0wq\u{1}0".utf8) + oneTensor + Array("q\u{2}0(".utf8)
    let pickle = [0x80, 2] + one + Array(repeatElement(Array("h\u{1}h\u{2}".utf8), count: 100_001).joined())
    let error = try checkpointError { _ = try open(pickle + Array("u.".utf8), storage: [0, 0, 0, 0]) }
    #expect(error.rule == .torchTooManyTensors)
  }

  /// A float tensor of one element in storage 0.
  private var oneTensor: [UInt8] {
    Array("ctorch._utils\n_rebuild_tensor_v2\n((X\u{7}\0\0\0storagectorch\nFloatStorage\nX\u{1}\0\0\0".utf8)
      + Array("0X\u{3}\0\0\0cpuK\u{1}tQK\0K\u{1}".utf8) + [0x85] + Array("K\u{1}".utf8) + [0x85, 0x89, 0x7D]
      + Array("tR".utf8)
  }

  private func openHeader(_ header: String) throws -> Checkpoint {
    let text = Array(header.utf8)
    return try openBytes(withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text)
  }

  @Test func headersOfManyTensors() throws {
    let rows = (0...100_000).map { "\"\($0)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}" }
    let error = try checkpointError { _ = try openHeader("{\(rows.joined(separator: ","))}") }
    #expect(error.rule == .tooManyTensors && error.expected == "at most 100000")
  }

  @Test func headersOfManyKeys() throws {
    let keys = (0...250_000).map { "\"\($0)\":0" }.joined(separator: ",")
    let error = try checkpointError { _ = try openHeader("{\"w\":{\"x\":{\(keys)}}}") }
    #expect(error.rule == .jsonTooManyKeys && error.expected == "at most 250000")
  }
}
