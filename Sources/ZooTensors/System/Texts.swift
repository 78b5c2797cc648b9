/// The parts of a path.
extension String {
  /// The part after the last slash: `c.png` for `a/b/c.png`. Slashes at the end are ignored.
  package var lastPathComponent: String { String(parts.name) }

  /// `a/b` for `a/b/c.png`; empty if there is no folder.
  package var deletingLastPathComponent: String { String(parts.folder) }

  /// `png` for `a/b/c.png`; empty for `a/b/.c`.
  package var pathExtension: String { dot.map { String(parts.name[$0...].dropFirst()) } ?? "" }

  /// `a/b/c` for `a/b/c.png`.
  package var deletingPathExtension: String { dot.map { String(self[..<$0]) } ?? self }

  /// `a/b` for `a` and `b`, with one slash between them.
  package func appendingPathComponent(_ name: String) -> String {
    isEmpty ? name : utf8.last == UInt8(ascii: "/") ? self + name : "\(self)/\(name)"
  }

  private var parts: (folder: Substring, name: Substring) {
    let slash = UInt8(ascii: "/"), bytes = utf8
    guard let last = bytes.lastIndex(where: { $0 != slash }) else { return (prefix(1), prefix(1)) }
    let end = bytes.index(after: last)
    guard let before = bytes[..<end].lastIndex(of: slash) else { return ("", self[..<end]) }
    let name = self[bytes.index(after: before)..<end]
    guard let folder = bytes[..<before].lastIndex(where: { $0 != slash }) else { return (prefix(1), name) }
    return (self[..<bytes.index(after: folder)], name)
  }

  /// The dot before the extension of the last part.
  private var dot: Index? {
    let name = parts.name.utf8
    return name.lastIndex(of: UInt8(ascii: ".")).flatMap { $0 > name.startIndex ? $0 : nil }
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  package var trimmed: String { trimming(\.isWhitespace) }

  package func trimming(_ isLeftOut: (Character) -> Bool) -> String {
    guard let first = firstIndex(where: { !isLeftOut($0) }), let last = lastIndex(where: { !isLeftOut($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}

// Foundation's own search would link all of Foundation. These are preferred because they are not generic.
extension String {
  package func contains(_ text: String) -> Bool { utf8.firstRange(of: text.utf8) != nil }
}

extension Substring {
  package func contains(_ text: String) -> Bool { utf8.firstRange(of: text.utf8) != nil }
}
