import Foundation
import Testing
import ZooTestSupport

@testable import ZooEvaluate

/// WebDataset shards as written by Python's tarfile (`Tools/evaluation/make_sets.py`).
@Suite struct TarTests {
  private static let folder = Golden.cases.appending(path: "evaluation").path

  @Test(arguments: [
    ("ustar", "pictures/\(String(repeating: "long", count: 20))/\(String(repeating: "name", count: 20))/", 0),
    ("gnu", "pictures/\(String(repeating: "long ", count: 20))", 1),
    ("pax", "pictures/\(String(repeating: "long ", count: 20))", 2),
  ]) func membersAreFound(_ name: String, prefix: String, first: Int) throws {
    let path = "\(Self.folder)/webdataset/\(name).tar", archive = try TarArchive(path)
    let ids = try FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/voc/JPEGImages").sorted()
      .map { String($0.dropLast(4)) }
    let keys = [ids[first], prefix + ids[first + 1]]
    #expect(archive.members.map(\.name) == keys.flatMap { ["\($0).jpg", "\($0).txt"] })
    #expect(archive.members.map(\.key) == keys.flatMap { [$0, $0] })
    for (member, id) in [(0, first), (2, first + 1)] {
      let picture = try Data(contentsOf: URL(filePath: "\(Self.folder)/voc/JPEGImages/\(ids[id]).jpg"))
      #expect(try Data(TarArchive.bytes(of: archive.members[member], in: path)) == picture)
    }
    let inputs = try EmbeddingInputs(pictures: [path])
    #expect(inputs.entries.map(\.path) == keys.map { "\(path)/\($0).jpg" } && inputs.entries.map(\.id) == keys)
  }

  @Test func brokenArchivesAreRefused() throws {
    let folder = try scratch(), whole = try Data(contentsOf: URL(filePath: "\(Self.folder)/webdataset/pax.tar"))
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func refused(_ data: Data, _ part: String) throws {
      let path = "\(folder)/a.tar"
      try data.write(to: URL(filePath: path))
      let error = #expect(throws: EvaluateError.self) { try TarArchive(path) }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
    try refused(whole.prefix(3000), "reaches beyond the archive's end")
    var damaged = whole
    damaged[600] ^= 1
    try refused(damaged, "byte 512: this is not a tar header")
    try refused(Data([0x1F, 0x8B]) + Data(count: 600), "unpack it with gunzip")
    // An extended header whose record claims more than the file contains.
    var claims = whole
    if let record = whole.firstRange(of: Data(" path=pictures/long".utf8)) {
      claims.replaceSubrange(record.lowerBound - 3..<record.lowerBound, with: Data("999".utf8))
    }
    try refused(claims, "an extended header cannot be read")
    #expect(throws: EvaluateError.self) { try TarArchive("\(folder)/none.tar") }
  }
}
