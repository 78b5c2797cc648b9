import Foundation
import Testing
import ZooTestSupport

/// Figures for papers: maps on the whole picture, masks, boxes, and consistent flags.
@Suite struct FigureTests {
  private let zoo: Command
  /// 53 x 37 pixels, of which the middle 37 columns are visible to the model.
  private let picture = "Tests/Golden/images/sources/exif_6.jpg"

  init() throws {
    zoo = try Command()
    try zoo.run("convert", MainJobTests.checkpoint)
  }

  private func explain(_ options: String...) throws -> Command.Outcome {
    try zoo.run(["explain", "ViT-Ti-8-emoji", picture, "-p", "a fox", "--quiet"] + options)
  }

  /// Width and height of a PNG file.
  private func size(_ file: String) throws -> [Int] {
    let header = try Data(contentsOf: URL(filePath: file)).prefix(24)
    return [16, 20].map { at in header[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: zoo.file(folder)).map {
      $0.replacing(/\.[0-9a-z]{8}\./, with: ".")
    }.sorted()
  }

  @Test func resultsLieOnTheWholePicture() throws {
    let result = try explain(
      "--overlay", "original", "--transparent", "--threshold", "0.4", "--npy", "--boxes", zoo.file("boxes.json"), "-o",
      zoo.file("out"))
    #expect(result.code == 0 && result.output.hasSuffix("boxes.json\n"), "\(result.errors)")
    #expect(
      try names("out") == [
        "exif_6.a-fox.legrad.full.npy", "exif_6.a-fox.legrad.layers.npy", "exif_6.a-fox.legrad.map.png",
        "exif_6.a-fox.legrad.mask.png", "exif_6.a-fox.legrad.npy", "exif_6.a-fox.legrad.png",
      ])
    let folder = zoo.file("out"), files = try FileManager.default.contentsOfDirectory(atPath: folder)
    for file in files where file.hasSuffix(".png") { #expect(try size("\(folder)/\(file)") == [53, 37], "\(file)") }
    let full = try #require(files.first { $0.hasSuffix(".full.npy") })
    let data = try Data(contentsOf: URL(filePath: "\(folder)/\(full)"))
    #expect(String(decoding: data.prefix(128), as: UTF8.self).contains("'shape': (37, 53)"))
    let values = data.suffix(37 * 53 * 4).withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map { raw.loadUnaligned(fromByteOffset: $0, as: Float.self) }
    }
    // The crop is from column 8 to 45: 7.9 and 45.1 before rounding.
    #expect((0..<53).filter { values[$0].isNaN } == Array(0..<8) + Array(45..<53))
    #expect(values.allSatisfy { $0.isNaN || (0...1).contains($0) })

    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: zoo.file("boxes.json"))))
    let report = try #require(json as? [String: Any])
    let image = try #require((report["images"] as? [[String: Any]])?.first)
    #expect(image["file_name"] as? String == picture && image["width"] as? Int == 53 && image["height"] as? Int == 37)
    let regions = try #require(report["annotations"] as? [[String: Any]])
    #expect(!regions.isEmpty)
    #expect(regions.reduce(0) { $0 + ($1["area"] as? Int ?? 0) } == values.count { $0 > 0.4 })
    for region in regions {
      let box = try #require(region["bbox"] as? [Int])
      #expect(box[0] >= 8 && box[0] + box[2] <= 45 && box[1] >= 0 && box[1] + box[3] <= 37)
    }
  }

  @Test func flagsAddUp() throws {
    _ = try explain("--grid", "--npy", "-o", zoo.file("all"))
    #expect(
      try names("all") == [
        "exif_6.a-fox.legrad.layers.npy", "exif_6.a-fox.legrad.npy", "exif_6.a-fox.legrad.png",
        "exif_6.grid.legrad.png",
      ])
    _ = try explain("--grid", "--no-overlays", "--format", "pdf", "-o", zoo.file("sheet"))
    #expect(try names("sheet") == ["exif_6.grid.legrad.pdf"])
    let refused = try explain("--grid", "-o", zoo.file("sheet.svg"))
    #expect(refused.code == 2 && refused.errors.contains("leave overlays out with --no-overlays"), "\(refused.errors)")
    let nothing = try zoo.run(
      "explain", "ViT-Ti-8-emoji", picture, "-p", "x", "--words", "--no-overlays", "-o", zoo.file("w.png"))
    #expect(nothing.code == 2)
    #expect(nothing.errors.contains("this call makes no file; leave out -o, or --no-overlays"), "\(nothing.errors)")
    #expect(try explain("--grid", "--no-overlays", "-o", zoo.file("sheet.svg")).code == 0)
    #expect(try Data(contentsOf: URL(filePath: zoo.file("sheet.svg"))).starts(with: Array("<?xml".utf8)))
    let small = try explain("--grid", "--no-overlays", "--tile", "100", "-o", zoo.file("small.png"))
    #expect(try small.code == 0 && size(zoo.file("small.png"))[0] == 528)
    for bad in [["--tile", "5", "--grid"], ["--tile", "100"], ["--format", "svg"], ["--threshold", "1.5"]] {
      #expect(try zoo.run(["explain", "ViT-Ti-8-emoji", picture, "-p", "a fox"] + bad).code == 64, "\(bad)")
    }
  }
}
