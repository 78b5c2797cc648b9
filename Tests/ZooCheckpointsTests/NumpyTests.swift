import Testing
import ZooCheckpoints
import ZooTensors
import ZooTestSupport

@Suite struct NumpyTests {
  static func npy(_ descr: String, fortran: Bool = false, _ shape: String, _ data: [UInt8], version: UInt8 = 1)
    -> [UInt8]
  {
    let header = "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
    let count = UInt8(header.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [version, 0, count, 0] + (version > 1 ? [0, 0] : []) + Array(header.utf8)
      + data
  }

  @Test func columnMajorArraysOfAnyRankAreTurned() throws {
    // shape (2, 3, 2): element [i, j, k] is 100 i + 10 j + k and lies at i + 2 j + 6 k
    var data = [UInt8](repeating: 0, count: 12)
    for i in 0..<2 { for j in 0..<3 { for k in 0..<2 { data[i + 2 * j + 6 * k] = UInt8(100 * i + 10 * j + k) } } }
    let tensor = try openBytes(Self.npy("|u1", fortran: true, "(2, 3, 2)", data), "x.npy").tensor("")
    #expect(tensor.data.array == [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121])
    #expect(tensor.shape == [2, 3, 2])
  }

  @Test func bigEndianNumbersAreSwappedByComponent() throws {
    let complex = try openBytes(Self.npy(">c16", "(1,)", Array(1...16)), "x.npy").tensor("")
    #expect(complex.data.array == [8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9])
    let turned = try openBytes(Self.npy(">u2", fortran: true, "(2, 2)", Array(1...8)), "x.npy").tensor("")
    #expect(turned.data.array == [2, 1, 6, 5, 4, 3, 8, 7])
    let complexTurned = try openBytes(Self.npy("<c16", fortran: true, "(2, 2)", Array(0..<64)), "x.npy").tensor("")
    #expect(complexTurned.data.array == Array(0..<16) + Array(32..<48) + Array(16..<32) + Array(48..<64))
  }

  @Test func whatOtherWritersPutIntoHeadersIsUnderstood() throws {
    #expect(try openBytes(Self.npy("f4", "(1,)", [0, 0, 128, 63]), "x.npy").tensor("").floats() == [1])
    #expect(try openBytes(Self.npy("<V2", "(1L,)", [128, 63]), "x.npy").tensor("").floats() == [1])
    #expect(try openBytes(Self.npy("<i8", "()", Array(0..<8), version: 2), "x.npy").entries[0].shape == [])
    for shape in ["(1)", "(01,)", "(1,,)", "(,)", "(1L,)", "(-1,)", "1", "(1,"] {
      let error = try checkpointError { _ = try openBytes(Self.npy("|u1", shape, [0], version: 3), "x.npy") }
      #expect(error.rule == .npyHeader, "\(shape)")
    }
    for type in ["|f4", ">V2", "<f3", "|S1", "<m8", "O", ""] {
      #expect(
        try checkpointError { _ = try openBytes(Self.npy(type, "(1,)", [0]), "x.npy") }.rule == .npyType, "\(type)")
    }
  }
}

@Suite struct ZipTests {
  private let array = NumpyTests.npy("|u1", "(2,)", [7, 8])

  @Test func storedMembersAreViewsOfTheFile() throws {
    let bytes = ByteView(copying: StoredZip([("a/b.npy", array)]).bytes)
    let checkpoint = try Checkpoint.open(bytes, path: "x.npz")
    let tensor = try checkpoint.tensor("a/b")
    let offset = try #require(checkpoint.entry("a/b")?.fileOffset)
    #expect(tensor.data.bytes.baseAddress == bytes.bytes.baseAddress.map { $0 + offset })
    #expect(tensor.data.array == [7, 8])
  }

  @Test func wideEndRecordsAreRead() throws {
    let bytes = StoredZip([("a.npy", array)]).wideBytes()
    #expect(try openBytes(bytes).tensor("a").data.array == [7, 8])
    let shifted = StoredZip([("a.npy", array)]).wideBytes(offsetError: 1)
    #expect(try checkpointError { _ = try openBytes(shifted) }.rule == .zipDirectory)
    let elsewhere = StoredZip([("a.npy", array)]).wideBytes(locatorError: 1 << 62)
    #expect(try checkpointError { _ = try openBytes(elsewhere) }.rule == .zip64)
  }

  @Test func bytesBetweenDirectoryAndEndAreRefused() throws {
    var bytes = StoredZip([("a.npy", array)]).bytes
    bytes.insert(0, at: bytes.count - 22)
    #expect(try checkpointError { _ = try openBytes(bytes) }.rule == .zipDirectory)
  }
}
