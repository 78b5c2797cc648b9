import Foundation
import Testing
import ZooTensors

@Suite struct PathsTests {
  /// The results of NSString, which crashes for "a".
  @Test(arguments: [
    ("", "", "", "", ""), ("/", "/", "/", "", "/"), ("a", "a", "", "", "a"), ("/a", "a", "/", "", "/a"),
    ("a/b", "b", "a", "", "a/b"),
    ("a//b.c", "b.c", "a", "c", "a//b"), ("/a/b.png", "b.png", "/a", "png", "/a/b"), ("a.b/c", "c", "a.b", "", "a.b/c"),
    ("a.b/c.tar.gz", "c.tar.gz", "a.b", "gz", "a.b/c.tar"), (".hidden", ".hidden", "", "", ".hidden"),
    ("a/.hidden", ".hidden", "a", "", "a/.hidden"), ("a/b.", "b.", "a", "", "a/b"), ("b.PNG/", "b.PNG", "", "PNG", "b"),
    ("../x", "x", "..", "", "../x"), ("./x.json", "x.json", ".", "json", "./x"),
    ("é/ü.png", "ü.png", "é", "png", "é/ü"),
  ])
  func haveParts(_ path: String, name: String, folder: String, ending: String, stem: String) {
    #expect(path.lastPathComponent == name)
    #expect(path.deletingLastPathComponent == folder)
    #expect(path.pathExtension == ending)
    #expect(path.deletingPathExtension == stem)
  }

  @Test(arguments: [("", "n"), ("/", "/n"), ("a", "a/n"), ("a/", "a/n")])
  func areJoinedByOneSlash(_ folder: String, _ path: String) {
    #expect(folder.appendingPathComponent("n") == path)
  }

  @Test(arguments: ["", " ", " a b\t\n", "\u{A0}x\u{2003}", "a"])
  func whiteSpaceGoes(_ text: String) {
    #expect(text.trimmed == text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @Test func numbersAreWrittenAsByPrintf() {
    #expect(formatted("%.1f", 2.25) == "2.2")
    #expect(formatted("%5.1f %%", Float(12.34)) == " 12.3 %")
    #expect(formatted("%04d-%016lx", 7, UInt.max) == "0007-ffffffffffffffff")
    #expect(formatted("%.0f", Double.greatestFiniteMagnitude).count == 309)
  }
}

@Suite struct OpenFileTests {
  @Test func whatIsWrittenIsRead() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "zoo-open-file-\(UUID())").path
    defer { unlink(path) }
    let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let file = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL)
    try file.write(bytes)
    #expect(try file.offset() == bytes.count)
    try file.seek(to: 0)
    #expect(try file.read() == bytes)
    #expect(try file.read().isEmpty)
    try file.seek(to: 100_000)
    #expect(try file.read(upTo: 70_001) == bytes[100_000..<170_001])
    #expect(try file.offset() == 170_001)
    try file.truncate(to: 5)
    #expect(try file.seekToEnd() == 5)
    #expect(try OpenFile(reading: path).read() == bytes.prefix(5))
  }

  @Test func aPipeIsReadToItsEnd() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (OpenFile(descriptor: ends[0]), ends[1])
    let bytes = Data(repeating: 7, count: 200_000)
    startThread {
      let file = OpenFile(descriptor: writing)
      try? file.write(bytes)
    }
    #expect(try reading.read(upTo: 150_000) == bytes.prefix(150_000))
    #expect(try reading.read().count == 50_000)
  }

  @Test func aFileThatIsNotThereIsAnError() {
    #expect(throws: POSIXError(.ENOENT)) { try OpenFile(reading: "/nowhere/x") }
    #expect(throws: POSIXError(.EISDIR)) { try OpenFile(reading: "/").read() }
  }
}
