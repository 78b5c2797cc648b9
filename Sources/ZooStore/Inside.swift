import Foundation

extension ModelStore {
  /// Throws unless a path leads to a place under a folder of the zoo with no link on the way. Whatever is published, removed or
  /// repaired is proven so first; what does not exist yet cannot lead elsewhere.
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

  /// Where a model is to be written.
  package func place(of architecture: String, tag: String) throws -> URL {
    let place = try directory(of: architecture, tag: tag)
    try prove(place, in: models)
    return place
  }
}

/// True for a symbolic link, wherever it leads.
func isLink(_ url: URL) -> Bool {
  var path = url.path(percentEncoded: false)
  // With a slash at its end a path means what a link leads to.
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  var information = stat()
  return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
}
