import Foundation
import Testing
import ZooTestSupport

/// Embeddings on disk and searching them, compared with open_clip (`Tools/evaluation/make_embeddings.py`).
@Suite struct EmbedTests {
  private struct Expected: Decodable {
    let pictures: [String]
    let images: [[Float]]
    let prompts: [String]
    let texts: [[Float]]
  }

  private let zoo: Command
  private let expected: Expected
  private let pictures: [String]

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
    expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: Golden.cases.appending(path: "embeddings/expected.json")))
    pictures = expected.pictures.map { "Examples/eval/images/\($0)" }
  }

  private func embed(_ arguments: [String], code: Int32 = 0) throws {
    let outcome = try zoo.run(["embed", "ViT-Ti-8-emoji"] + arguments)
    #expect(outcome.code == code, "\(outcome.errors)")
  }

  /// The rows of an NPY file with f32.
  private func rows(_ name: String, count: Int) throws -> [[Float]] {
    let data = try Data(contentsOf: URL(filePath: zoo.file(name)))
    #expect(String(decoding: data[10..<128], as: UTF8.self).contains("'shape': (\(count), "))
    let values = data.dropFirst(128).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    let width = count == 0 ? 1 : values.count / count
    return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  private func lines(_ folder: String) throws -> [[String: Any]] {
    try String(contentsOfFile: zoo.file("\(folder)/index.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func hits(_ arguments: [String]) throws -> [[(path: String, similarity: Double)]] {
    let outcome = try zoo.run(["search"] + arguments + ["--json"])
    let report = try #require(try outcome.json() as? [String: Any], "\(outcome.errors)")
    #expect(outcome.code == 0)
    return try #require(report["queries"] as? [[String: Any]]).map { query in
      try #require(query["hits"] as? [[String: Any]]).map {
        ($0["path"] as? String ?? "", $0["similarity"] as? Double ?? .nan)
      }
    }
  }

  private func distance(_ a: [[Float]], _ b: [[Float]]) -> Float {
    a.count == b.count ? zip(a, b).flatMap { zip($0, $1).map { abs($0 - $1) } }.max() ?? 0 : .infinity
  }

  @Test func embeddingsAreOpenCLIPs() throws {
    try embed(pictures + ["-o", zoo.file("images"), "--raw", "--rows-per-file", "3", "--batch", "2"])
    let images = try rows("images/00000.npy", count: 3) + rows("images/00001.npy", count: 1)
    #expect(distance(images, expected.images) < 2e-5)
    try expected.prompts.joined(separator: "\n").write(
      toFile: zoo.file("prompts.txt"), atomically: true, encoding: .utf8)
    try embed(["--prompts", zoo.file("prompts.txt"), "-o", zoo.file("texts"), "--raw"])
    #expect(distance(try rows("texts/00000.npy", count: 3), expected.texts) < 2e-5)
    #expect(try lines("texts").map { $0["id"] as? String } == expected.prompts)
    #expect(try lines("images").map { $0["path"] as? String } == pictures)
    // The same similarities as `zoo score`, even from rows that were not normalised.
    let score = try zoo.run(["score", "ViT-Ti-8-emoji"] + pictures + ["-p", expected.prompts[0], "--json"])
    let report = try #require(try score.json() as? [String: Any])
    let scores = try #require(report["images"] as? [[String: Any]]).map { image in
      (image["prompts"] as? [[String: Any]])?[0]["similarity"] as? Double ?? .nan
    }
    try embed(pictures + ["-o", zoo.file("unit"), "--format", "safetensors"])
    try embed(pictures + ["-o", zoo.file("halves"), "--element", "f16"])
    for (folder, tolerance) in [("images", 1e-6), ("unit", 1e-6), ("halves", 1e-3)] {
      let found = try hits([zoo.file(folder), expected.prompts[0], "-k", "9"])[0]
      #expect(found.count == 4)
      for hit in found {
        let place = try #require(pictures.firstIndex(of: hit.path))
        #expect(abs(hit.similarity - scores[place]) < tolerance, "\(folder)")
      }
      #expect(found.map(\.similarity) == found.map(\.similarity).sorted(by: >))
    }
    // A picture is closest to itself.
    let own = try hits([zoo.file("unit"), "--image", pictures[2], "-k", "1"])[0]
    #expect(own[0].path == pictures[2] && abs(own[0].similarity - 1) < 1e-6)
  }

  @Test func partsAndInterruptionsGiveTheWhole() throws {
    let archives = ["gnu", "pax", "ustar"].map { Golden.cases.appending(path: "evaluation/webdataset/\($0).tar").path }
    try archives.joined(separator: "\n").write(toFile: zoo.file("list.txt"), atomically: true, encoding: .utf8)
    let call = ["--list", zoo.file("list.txt"), "--rows-per-file", "4", "--batch", "1"]
    try embed(call + ["-o", zoo.file("whole")])
    #expect(try lines("whole").count == 6)
    for part in 1...4 { try embed(call + ["-o", zoo.file("parts/\(part)"), "--shard", "\(part)/4"]) }
    let prompt = ["a photo of a \(expected.prompts[0])"]
    let whole = try hits([zoo.file("whole")] + prompt), parts = try hits([zoo.file("parts")] + prompt)
    #expect(whole[0].map(\.path) == parts[0].map(\.path))
    // Rows are equal, but a product with different neighbouring rows may be rounded differently.
    for (a, b) in zip(whole[0], parts[0]) { #expect(abs(a.similarity - b.similarity) < 1e-6) }
    // Killed with a row that has no line, in the middle of a line, and before anything was written: the files end up the same.
    let index = URL(filePath: zoo.file("whole/index.jsonl")), all = try Data(contentsOf: index)
    let names = ["index.jsonl", "00000.npy", "00001.npy"]
    func files() throws -> [Data] { try names.map { try Data(contentsOf: URL(filePath: zoo.file("whole/\($0)"))) } }
    let before = try files(), ends = all.indices.filter { all[$0] == 0x0A }
    for length in [ends[4] + 1, ends[2] + 30, 0] {
      try all.prefix(length).write(to: index)
      try embed(call + ["-o", zoo.file("whole"), "--resume"])
      #expect(try files() == before)
    }
    let other = try zoo.run(["embed", "ViT-Ti-8-emoji", "-o", zoo.file("whole"), "--resume", "--raw"] + call)
    #expect(other.code == 2 && other.errors.contains("normalised: true there, false here"), "\(other.errors)")
  }

  @Test func whatCannotBeReadIsInTheIndex() throws {
    try Data("no picture".utf8).write(to: URL(filePath: zoo.file("bad.png")))
    try embed([pictures[0], zoo.file("bad.png"), pictures[1], "-o", zoo.file("some")], code: 1)
    let lines = try lines("some")
    #expect(lines.map { $0["row"] as? Int } == [0, nil, 1])
    #expect((lines[1]["error"] as? String)?.contains("bad.png") == true)
    #expect(try rows("some/00000.npy", count: 2).count == 2)
    #expect(try hits([zoo.file("some"), "x"])[0].count == 2)
    for (arguments, part) in [
      ([zoo.file("nowhere"), "x"], "neither it nor a folder in it has embeddings.json"),
      ([zoo.file("some"), "x", "--model", "ViT-Ti-8-SigLIP-emoji"], "ViT-Ti-8-SigLIP-emoji"),
    ] {
      let outcome = try zoo.run(["search"] + arguments)
      #expect(outcome.code == 2 && outcome.errors.contains(part), "\(outcome.errors)")
    }
  }

  @Test func hitsAreExplainedOnOneSheet() throws {
    let archive = Golden.cases.appending(path: "evaluation/webdataset/gnu.tar").path
    try embed([archive, pictures[0], "-o", zoo.file("mixed")])
    let outcome = try zoo.run([
      "search", zoo.file("mixed"), expected.prompts[0], "--image", pictures[1], "-k", "2", "--explain", "-o",
      zoo.file("hits.svg"), "--json",
    ])
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect((try outcome.json() as? [String: Any])?["sheet"] as? String == zoo.file("hits.svg"))
    let sheet = try String(contentsOfFile: zoo.file("hits.svg"), encoding: .utf8)
    #expect(sheet.hasPrefix("<?xml") && sheet.contains("<svg") && sheet.count > 50_000)
  }
}
