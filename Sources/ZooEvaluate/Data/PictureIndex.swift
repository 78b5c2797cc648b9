import Foundation

/// The picture files in a folder and below, by their names without extensions.
struct PictureIndex {
  private let files: [String: String]
  private static let endings: Set<String> = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]

  init(_ folder: String) {
    var files: [String: String] = [:]
    for name in (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [] {
      guard Self.endings.contains(name.pathExtension.lowercased()) else { continue }
      let stem = name.lastPathComponent.deletingPathExtension
      let full = folder.appendingPathComponent(name)
      // The first name represents all files with the same stem, independent of the order of the file system.
      files[stem] = files[stem].map { min($0, full) } ?? full
    }
    self.files = files
  }

  var isEmpty: Bool { files.isEmpty }

  subscript(stem: String) -> String? { files[stem] }

  /// All stems with their files, sorted by stem.
  var sorted: [(stem: String, file: String)] { files.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
