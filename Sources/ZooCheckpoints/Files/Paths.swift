#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// Paths as users write them: relative paths stay relative, so that errors repeat what was typed.

/// The parent (empty for the current folder) and the last component.
package func splitPath(_ path: String) -> (parent: String, name: String) {
  var trimmed = Substring(path)
  while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
  guard let slash = trimmed.lastIndex(of: "/") else { return ("", String(trimmed)) }
  let parent = slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  return (parent, String(trimmed[trimmed.index(after: slash)...]))
}

package func joinPath(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
}

package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }
