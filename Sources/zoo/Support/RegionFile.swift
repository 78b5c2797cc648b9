import Foundation
import ZooExplain
import ZooModels

/// The regions of all maps that are above a threshold, in pixels of the whole pictures, in the format of COCO annotations.
struct RegionFile {
  private var destination: Destination
  private let threshold: Float
  private var content: Content

  private static let ending = "json"

  init(_ path: String, inputs: [String], model: String, threshold: Float) throws {
    guard path.pathExtension.lowercased() == Self.ending else {
      throw CallError.wrongEnding(path, needed: Self.ending)
    }
    destination = try Destination(path, ending: Self.ending, results: 1, inputs: inputs, folders: [])
    self.threshold = threshold
    content = Content(info: Content.Info(description: "Regions of heat maps", model: model, threshold: threshold))
  }

  /// Adds the regions of a picture's maps, the largest of each map first.
  mutating func add(_ entry: PictureReport.ImageReport, _ drawing: Drawing) {
    let image = content.images.count + 1
    content.images.append(
      Content.Image(id: image, fileName: entry.image, width: entry.size[1], height: entry.size[0]))
    for (prompt, row) in entry.prompts.enumerated() {
      let category = category(row.prompt)
      for (method, maps) in drawing.methods.enumerated() {
        let map = drawing.placed(method, prompt)
        for region in map.regions(above: threshold) {
          content.annotations.append(
            Content.Annotation(
              id: content.annotations.count + 1, imageId: image, categoryId: category, bbox: region.box,
              area: region.area,
              segmentation: Content.Segmentation(
                size: [map.size.height, map.size.width], counts: region.counts(in: map.size)),
              score: region.peak, similarity: row.similarity, absent: row.absent, method: maps.method.displayName))
        }
      }
    }
  }

  /// Writes the file and returns its path.
  mutating func finish() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try destination.write(try encoder.encode(content), as: "")
  }

  private mutating func category(_ prompt: String) -> Int {
    if let known = content.categories.first(where: { $0.name == prompt }) { return known.id }
    content.categories.append(Content.Category(id: content.categories.count + 1, name: prompt))
    return content.categories.count
  }

  private struct Content: Encodable {
    struct Info: Encodable {
      let description: String
      let model: String
      let threshold: Float
    }

    struct Image: Encodable {
      let id: Int
      let fileName: String
      let width: Int
      let height: Int
    }

    struct Category: Encodable {
      let id: Int
      let name: String
    }

    struct Segmentation: Encodable {
      let size: [Int]
      let counts: [Int]
    }

    struct Annotation: Encodable {
      let id: Int
      let imageId: Int
      let categoryId: Int
      let bbox: [Int]
      let area: Int
      let segmentation: Segmentation
      var iscrowd = 0
      /// The largest value of the map in the region.
      let score: Float
      // Not part of COCO: for the prompt and the map.
      let similarity: Float
      let absent: Bool
      let method: String
    }

    let info: Info
    var images: [Image] = []
    var annotations: [Annotation] = []
    var categories: [Category] = []
  }
}
