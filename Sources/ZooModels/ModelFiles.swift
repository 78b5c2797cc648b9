import Foundation

extension ModelDescription {
  /// The path of a file in a model's folder: a plain name and not a link, since a model from a stranger must not lead to its reader's files.
  package static func path(of name: String, in directory: URL) throws(FileError) -> String {
    let path = directory.appending(path: name).path(percentEncoded: false)
    guard isPlainFileName(name) else {
      throw FileError(path: path, kind: .notAFile, reason: "it is not a file of the model's folder")
    }
    guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil else {
      throw FileError(path: path, kind: .notAFile, reason: "it is a symbolic link")
    }
    return path
  }
}
