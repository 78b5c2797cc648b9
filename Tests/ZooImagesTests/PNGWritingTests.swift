import Foundation
import Testing
import ZooImages
import ZooTestSupport

@Suite struct PNGWritingTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-png-\(UUID().uuidString)")

  @Test(arguments: ["gray.png", "rgb.png", "rgba.png", "one_pixel.png", "thin.png", "wide.png"])
  func picturesReturnAsTheyWere(name: String) throws {
    let image = try source(name)
    let again = try Picture(data: image.pngData())
    #expect(again == image)
  }

  @Test func otherModesAreWrittenInRGB() throws {
    let image = try source("palette.png")
    #expect(try Picture(data: image.pngData()) == image.convertedToRGB())
  }

  @Test func aFileIsReplacedWhole() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "a.png"), link = folder.appending(path: "link.png")
    try Data("old".utf8).write(to: file)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
    let image = try source("rgb.png")
    try image.writePNG(to: link)
    #expect(try Picture(contentsOf: file) == image)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.png", "link.png"])
  }

  @Test func whatCannotBeWrittenIsSaid() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let image = try source("one_pixel.png")
    let missing = folder.appending(path: "no/such/folder.png")
    #expect(throws: PictureError.unwritable(name: missing.path, reason: "No such file or directory")) {
      try image.writePNG(to: missing)
    }
    #expect(throws: PictureError.unwritable(name: folder.path, reason: "Is a directory")) {
      try image.writePNG(to: folder)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskIsSaid() throws {
    let full = URL(filePath: "/dev/full")
    let error = #expect(throws: PictureError.self) { try source("rgb.png").writePNG(to: full) }
    #expect(error?.description == "/dev/full cannot be written: No space left on device")
  }
}
