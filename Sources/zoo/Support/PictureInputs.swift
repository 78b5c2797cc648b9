import ArgumentParser
import ZooImages

/// The pictures of a call.
struct PictureInputs: ParsableArguments {
  @Argument(help: "Pictures, folders of pictures, or - for standard input.", completion: .file())
  var images: [String] = []

  /// The paths of the pictures.
  ///
  /// - Parameter output: The folder of the results, which is not searched.
  func paths(excluding output: String? = nil, notes: inout Notes) throws -> [String] {
    var pictures: [String] = []
    for path in images {
      let found = PictureSearch([path], excluding: output)
      if found.pictures.isEmpty { throw CallError.noImages(path, skipped: found.skipped) }
      if !found.skipped.isEmpty {
        notes.add("\(path) holds \(listed(found.skipped, "file", "files")) of other kinds, skipped.")
      }
      pictures += found.pictures
    }
    var seen: Set<String> = []
    return pictures.filter { seen.insert($0).inserted }
  }
}
