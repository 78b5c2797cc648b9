import Foundation
import Testing
import ZooCheckpoints
import ZooImages
import ZooModels
import ZooTestSupport

@testable import ZooConvert

/// Pictures as prepared by the Pillow image processors of transformers 5.24, bit for bit: Tools/golden/processors.py.
@Suite struct ProcessorPixelTests {
  private struct Case: Decodable {
    struct Source: Decodable { var source: String?, height: Int?, width: Int? }
    var settings: TransformersPreprocessor
    var picture: Source
    var size: GridSize
    /// SHA-256 of [height, width, 3] bytes and of [3, height, width] floats.
    var pixels: String
    var tensor: String
    var first: [Float]
  }

  @Test func pixelsAreThoseOfTransformers() throws {
    let file = Golden.repository.appending(path: "Tests/Cases/processors/cases.json").path
    let all = try readJSON([Case].self, file)
    #expect(all.count > 190)
    // GIF needs the package trait MoreFormats.
    for (index, known) in all.enumerated()
    where PictureFormat.gif.isRead || known.picture.source?.hasSuffix(".gif") != true {
      let preprocessing = try known.settings.preprocessing(image: known.size, defaults: .clip, file: file)
      let result = preprocess(try picture(known.picture), preprocessing)
      let label = "case \(index): \(known.settings), \(known.picture)"
      #expect(digest(result.picture.pixels) == known.pixels, "\(label)")
      #expect(result.tensor.values.withUnsafeBytes { digest(Array($0)) } == known.tensor, "\(label) \(known.first)")
      // Values written to model.json are read back unchanged.
      let back = try manifestDecoder().decode(Preprocessing.self, from: manifestEncoder().encode(preprocessing))
      #expect(back == preprocessing)
      try roundTrips(preprocessing, label)
    }
  }

  /// An exported preprocessor_config.json has the same meaning.
  private func roundTrips(_ preprocessing: Preprocessing, _ label: String) throws {
    guard ExportFormat.transformers.obstacle(to: preprocessing) == nil else { return }
    let text = try preprocessorText(preprocessing, type: "CLIPImageProcessor")
    let read = try manifestDecoder().decode(TransformersPreprocessor.self, from: text)
    let back = try read.preprocessing(image: preprocessing.size, defaults: .siglip, file: "preprocessor_config.json")
    #expect(back == preprocessing, "\(label)")
  }

  private func picture(_ source: Case.Source) throws -> Picture {
    if let name = source.source {
      let made = Golden.repository.appending(path: "Tests/Cases/processors/\(name)")
      let isMade = FileManager.default.fileExists(atPath: made.path)
      return try Picture(contentsOf: isMade ? made : Golden.url("images/sources/\(name)"))
    }
    let height = try #require(source.height), width = try #require(source.width)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 { pixels.append(UInt8(truncatingIfNeeded: 31 * x + 17 * y + 101 * c + 7 * ((x * y) >> 3))) }
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  private func digest(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { "\(sha256(of: $0))" } }
}
