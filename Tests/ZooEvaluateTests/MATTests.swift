import CHDF5
import Foundation
import Testing
import ZooFixtures
import ZooImages
import ZooTestSupport

@testable import ZooEvaluate

/// ImageNet-Segmentation's own file; this one was made by h5py (`Tools/evaluation/make_sets.py`).
@Suite struct MATTests {
  private static let file = Golden.cases.appending(path: "evaluation/gtsegs.mat").path
  private static let hasLibrary = zoo_hdf5_load() == nil

  @Test(.enabled(if: hasLibrary)) func picturesAndMasksAreRead() throws {
    var problems: [String: String] = [:]
    let data = try MaskedPictures(mat: Self.file) { problems[$0] = $1 }
    #expect(data.classes == ["dog", "tench"])
    #expect(data.pictures.map(\.id) == ["n02084071_1", "n01440764_2", "n02084071_3"])
    #expect(data.pictures.map(\.things) == [0, 1, 0].map { [.init(label: $0, pixels: .all)] })
    #expect(problems == ["n00000000_4": "'n00000000' has no name, and is not an id of ImageNet"])
    let file = try SegmentationMAT(Self.file)
    // The same scenes as in the export, but the second is grey here.
    let export = Golden.cases.appending(path: "evaluation/export")
    for index in 0..<3 {
      let picture = try file.picture(index)
      let want = try Picture(contentsOf: export.appending(path: "images/\(index).png"))
      #expect(picture.width == want.width && picture.height == want.height)
      if index != 1 { #expect(picture == want.convertedToRGB()) }
      let mask = try Picture(contentsOf: export.appending(path: "masks/\(index).png"))
      #expect(try file.mask(index).pixels == mask.pixels.map { $0 == 0 ? 0 : 1 })
    }
    #expect(try file.picture(1).mode == .l)
  }

  @Test func whatCannotBeReadIsRefused() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard Self.hasLibrary else {
      let error = #expect(throws: EvaluateError.self) { try MaskedPictures(mat: Self.file) { _, _ in } }
      #expect(error?.description.contains("needs the HDF5 library") == true)
      return
    }
    let whole = try Data(contentsOf: URL(filePath: Self.file))
    for length in [0, 8, 700, 5000, whole.count / 2] {
      let path = "\(folder)/\(length).mat"
      try whole.prefix(length).write(to: URL(filePath: path))
      #expect(throws: EvaluateError.self) { try MaskedPictures(mat: path) { _, _ in } }
    }
    #expect(throws: EvaluateError.self) { try MaskedPictures(mat: "/nowhere.mat") { _, _ in } }
  }
}
