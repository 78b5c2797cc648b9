import Foundation
import ZooExplain
import ZooImages

/// The pictures of one explained image.
struct Drawing {
  let title: String
  /// What the model sees.
  let picture: Image
  let scores: [PromptReport]
  let heatmaps: [Heatmap]
  let colorMap: ColorMap
  let alpha: Double

  /// The heat map of a prompt over the picture.
  func overlay(_ index: Int) -> Image { overlay(heatmaps[index].picture()) }

  /// The picture, then each prompt with its similarity.
  func sheet() -> Image {
    let original = Sheet.Tile(covered, caption: title, detail: "\(picture.width) x \(picture.height)")
    let tiles = heatmaps.indices.map { index in
      Sheet.Tile(overlay(index), caption: scores[index].prompt, detail: similarity(index))
    }
    return Sheet(
      sections: [.init(tiles: [original] + tiles)], columns: tiles.count < 6 ? tiles.count + 1 : 4, tileSize: 288,
      legend: colorMap
    ).drawn()
  }

  /// A section for each prompt with the sum and the map of every layer.
  func layerSheet() -> Image {
    let sections = heatmaps.enumerated().map { index, map in
      let layers = map.layers.indices.map {
        Sheet.Tile(overlay(map.picture(ofLayer: $0)), caption: "layer \(map.layers[$0])")
      }
      return Sheet.Section(
        heading: "\(scores[index].prompt)   \(similarity(index))",
        tiles: [Sheet.Tile(overlay(index), caption: "sum of \(map.layers.count)")] + layers)
    }
    return Sheet(title: title, sections: sections, columns: 7, tileSize: 160, legend: colorMap).drawn()
  }

  private func similarity(_ index: Int) -> String {
    String(format: "similarity %.3f, energy %.2g", scores[index].similarity, heatmaps[index].energy)
      + (scores[index].absent ? ", absent" : "")
      + (heatmaps[index].isFlat ? ", flat map" : "")
  }

  /// The part of the picture that the patches cover.
  private var covered: Image {
    guard let size = heatmaps.first?.pictureSize else { return picture }
    return picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
  }

  private func overlay(_ heat: [Float]) -> Image {
    ZooImages.overlay(heat, on: covered, colorMap: colorMap, alpha: alpha)
  }
}

/// Floats as a version 1.0 `.npy` file: little-endian f32, C order.
func npyData(_ values: [Float], shape: [Int]) -> Data {
  let sides = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
  var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sides)), }"
  header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
  var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
  withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
  data.append(contentsOf: header.utf8)
  for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
  return data
}
