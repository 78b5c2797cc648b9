import Foundation
import Testing
import ZooImages
import ZooTestSupport

/// Which files in a folder are pictures.
@Suite final class PictureSearchTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-search-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func put(_ source: String, as name: String) throws {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(Golden.bytes("images/sources/\(source)")).write(to: file)
  }

  private func relative(_ paths: [String]) -> [String] { paths.map { String($0.dropFirst(folder.path.count + 1)) } }

  @Test func contentDecidesAndSubfoldersAreEntered() throws {
    try put("rgb_444.jpg", as: "IMG_2.HEIC")
    try put("palette.gif", as: "b/c/x.gif")
    try put("rgb.ppm", as: "b/IMG_10")
    try put("rgb.png", as: ".hidden.png")
    try Data("hello".utf8).write(to: folder.appending(path: "notes.txt"))
    try Data("hello".utf8).write(to: folder.appending(path: "broken.jpg"))
    let found = PictureSearch([folder.path])
    #expect(relative(found.pictures) == ["b/c/x.gif", "b/IMG_10", "broken.jpg", "IMG_2.HEIC"])
    #expect(relative(found.skipped) == ["notes.txt"])
  }

  @Test func linksThatLoopAreMetOnce() throws {
    try put("rgb.png", as: "a/x.png")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: folder.path + "/a/up", withDestinationPath: folder.path)
    try files.createSymbolicLink(atPath: folder.path + "/a/again", withDestinationPath: folder.path + "/a")
    #expect(relative(PictureSearch([folder.path]).pictures) == ["a/x.png"])
  }

  @Test func pipesInFoldersAndTheFolderOfResultsAreLeftAlone() throws {
    try put("rgb.png", as: "x.png")
    try put("rgb.png", as: "heatmaps/x.a-bee.png")
    #expect(mkfifo(folder.path + "/pipe.png", 0o600) == 0)
    let results = folder.path + "/heatmaps"
    #expect(relative(PictureSearch([folder.path], excluding: results).pictures) == ["x.png"])
    #expect(PictureSearch([folder.path, results], excluding: results).pictures.count == 2, "named, it is searched")
  }

  @Test func eachFileIsFoundOnceInTheOrderOfTheCall() throws {
    try put("rgb.png", as: "x.png")
    let file = folder.path + "/x.png"
    #expect(PictureSearch(["missing.png", file, "-", file, folder.path]).pictures == ["missing.png", file, "-"])
  }

  @Test(arguments: [
    ("\0\0\0\u{1C}ftypavif\0\0\0\0avifmif1miaf", PictureFormat.avif), ("\0\0\0\u{18}ftypmif1\0\0\0\0mif1heic", .heic),
    ("II*\0\u{8}\0\0\0", .tiff), ("MM\0*\0\0\0\u{8}", .tiff), ("\0\0\0\u{0C}JXL \u{D}\u{A}", .jpegXL), ("GIF89a", .gif),
    ("P6\n1 1", .pnm),
  ])
  func formatsAreKnownByTheirFirstBytes(_ header: String, _ format: PictureFormat) {
    #expect(Array(header.utf8).withUnsafeBytes { PictureFormat(header: $0) } == format)
  }

  @Test(arguments: ["", "BM", "BMW is a car maker with a long story", "ftyp", "\0\0\0\u{18}ftypmp42\0\0\0\0isom"])
  func otherFilesAreNotPictures(_ header: String) {
    #expect(Array(header.utf8).withUnsafeBytes { PictureFormat(header: $0) } == nil)
  }
}
