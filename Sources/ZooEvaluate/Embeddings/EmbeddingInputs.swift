import Foundation
import ZooCheckpoints
import ZooImages

/// The inputs to embed: pictures, members of WebDataset archives, or prompts, in a stable order.
package struct EmbeddingInputs: Sendable {
  package let kind: EmbeddingDescription.Kind
  package let entries: [Entry]

  package struct Entry: Sendable {
    package let id: String
    package let path: String?
    fileprivate let member: (archive: String, member: TarArchive.Member)?
  }

  package init(prompts: [String]) {
    kind = .texts
    entries = prompts.map { Entry(id: $0, path: nil, member: nil) }
  }

  /// Pictures by path; a path that ends in `.tar` is an archive, from which the members that are named like pictures are used.
  ///
  /// Throws an `EvaluateError` for an archive that cannot be read.
  package init(pictures paths: [String]) throws {
    kind = .images
    entries = try paths.flatMap { path in
      let name = path.lastPathComponent
      guard path.lowercased().hasSuffix(".tar") else {
        return [Entry(id: name.deletingPathExtension, path: path, member: nil)]
      }
      return try TarArchive(path).members.filter { isCalledPicture($0.name) }.map {
        Entry(id: $0.key, path: "\(path)/\($0.name)", member: (path, $0))
      }
    }
  }

  /// SHA-256 of ids and locations, as hexadecimal digits.
  package var digest: String {
    let hasher = SHA256Hasher()
    for entry in entries {
      Data("\(entry.id)\t\(entry.path ?? "")\n".utf8).withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finish().description
  }
}

extension EmbeddingInputs.Entry {
  /// The picture as input for a model.
  func load(by loader: PictureLoader) throws -> LoadedPicture {
    guard let (archive, member) = member else { return try loader.load(path: path ?? "") }
    let bytes = try TarArchive.bytes(of: member, in: archive)
    return loader.load(
      try Picture.decode(bytes: bytes, name: "\(archive)/\(member.name)", pixelLimit: loader.pixelLimit))
  }
}

extension PictureLoader {
  /// Loads a picture that an index names: a file, or ARCHIVE.tar/MEMBER.
  package func load(indexed path: String) throws -> LoadedPicture {
    guard let range = path.firstRange(of: /(?i)\.tar\//),
      !FileManager.default.fileExists(atPath: path)
    else { return try load(path: path) }
    let archive = String(path[..<path.index(before: range.upperBound)]), name = path[range.upperBound...]
    guard let member = try TarArchive(archive).members.first(where: { $0.name == name }) else {
      throw EvaluateError.unreadable(file: path, reason: "the archive has no such member")
    }
    return load(
      try Picture.decode(bytes: TarArchive.bytes(of: member, in: archive), name: path, pixelLimit: pixelLimit))
  }
}
