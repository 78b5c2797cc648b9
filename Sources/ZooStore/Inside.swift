import Foundation

extension ModelStore {
  /// Throws unless a path is under a folder of the store, with no link along the way. Everything that is published, removed or repaired is checked
  /// first; what does not exist yet cannot lead elsewhere.
  func prove(_ url: URL, in root: URL) throws(StoreError) {
    func components(_ url: URL) -> [String] {
      url.absoluteURL.path(percentEncoded: false).split(separator: "/").map(String.init)
    }
    let path = components(url), base = components(root)
    guard path.count > base.count, path.starts(with: base) else {
      throw .outside(path: url.path(percentEncoded: false))
    }
    var place = root
    for name in path.dropFirst(base.count) {
      guard name != ".", name != ".." else { throw .outside(path: url.path(percentEncoded: false)) }
      place = place.appending(path: name)
      if isLink(place) { throw .link(path: place.path(percentEncoded: false)) }
    }
  }

  /// The folder that a model is to be written to.
  package func place(of architecture: String, tag: String) throws -> URL {
    let place = try directory(of: architecture, tag: tag)
    try prove(place, in: models)
    return place
  }
}

/// True for a symbolic link, wherever it points.
func isLink(_ url: URL) -> Bool {
  var path = url.path(percentEncoded: false)
  // With a trailing slash, a path means the target of a link.
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  var information = stat()
  return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
}
