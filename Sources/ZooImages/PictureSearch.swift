import Foundation
import ZooModels
import ZooTensors

/// Finds the picture files for a list of paths: files as named, and folders with everything below them.
///
/// In a folder, the content of a file decides, whatever its name. A file that is named like a picture but is not one is still included, so that
/// reading it gives an error. Names that begin with a dot are skipped.
public struct PictureSearch {
  /// Paths of pictures in the order of the arguments, folders sorted by name; each path once.
  public private(set) var pictures: [String] = []
  /// Paths of files in the folders that are not pictures.
  public private(set) var skipped: [String] = []
  private var seen: Set<String> = []
  private var visited: Set<FileIdentity>

  /// - Parameters:
  ///   - paths: Files, folders or `-` for standard input.
  ///   - excluded: A folder that is not entered, such as that of the results.
  public init(_ paths: [String], excluding excluded: String? = nil) {
    visited = Set([excluded.flatMap { FileIdentity($0) }].compactMap { $0 })
    for path in paths {
      guard let identity = FileIdentity(path), identity.kind == .folder else {
        add(path)
        continue
      }
      visited.remove(identity)
      enter(path, identity)
    }
  }

  private mutating func add(_ path: String) {
    if seen.insert(path).inserted { pictures.append(path) }
  }

  /// Links may lead to a folder again, or to a parent: each folder is entered once.
  private mutating func enter(_ folder: String, _ identity: FileIdentity) {
    guard visited.insert(identity).inserted else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names.filter({ !$0.hasPrefix(".") }).sorted(by: { $0.standsBefore($1) }) {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      let identity = FileIdentity(path)
      switch identity?.kind {
      case .folder?: identity.map { enter(path, $0) }
      // Pipes and devices in a folder are skipped: reading one may never end.
      case .other?: continue
      case .file? where PictureFormat(of: path) != nil: add(path)
      case .file?, nil:
        if isCalledPicture(name) { add(path) } else { skipped.append(path) }
      }
    }
  }
}

/// The identity of the file at a path, following all links.
package struct FileIdentity: Hashable, Sendable {
  enum Kind { case file, folder, other }

  private let device: UInt64
  private let number: UInt64
  let kind: Kind

  /// Nil if there is no such file.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      default: .other
      }
  }

  package var isFolder: Bool { kind == .folder }
}

extension PictureFormat {
  /// The format of a file; nil if it is not a picture or cannot be read.
  public init?(of path: String) {
    guard let header = try? OpenFile(reading: path).read(upTo: Self.headerSize) else { return nil }
    guard let format = header.withUnsafeBytes({ PictureFormat(header: $0) }) else { return nil }
    self = format
  }
}

/// Extensions of picture files, in lower case.
private let pictureEndings: Set = [
  "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib", "ppm", "pgm", "pbm", "pnm", "heic", "heif", "avif",
  "tif", "tiff", "jxl", "jp2",
]

package func isCalledPicture(_ name: String) -> Bool {
  pictureEndings.contains(name.pathExtension.lowercased())
}
