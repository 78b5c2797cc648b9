import ZooJSON
import ZooModels

extension JSONValue {
  /// Parses a tokenizer's file.
  init(_ bytes: consuming [UInt8], file: String) throws(TextError) {
    try self.init(bytes, file: file, limit: Limits.tokenizerValues, failure: TextError.self)
  }
}

/// A JSON value that knows its path, so that errors can state it.
struct JSONNode {
  let value: JSONValue
  let file: String
  private let base: String
  /// The index in an array at `base`. Formatted only for errors, as arrays are long.
  private let index: Int?

  init(value: JSONValue, file: String, path: String, index: Int? = nil) {
    self.value = value
    self.file = file
    base = path
    self.index = index
  }

  var path: String { index.map { "\(base)[\($0)]" } ?? base }

  func problem(_ text: String) -> TextError { .malformed(file: file, place: path, problem: text) }

  func unsupported(_ feature: String) -> TextError { .unsupported(file: file, feature: feature) }

  /// A member that may be absent or null.
  func optional(_ name: String) -> JSONNode? {
    value[name].map { JSONNode(value: $0, file: file, path: path.isEmpty ? name : "\(path).\(name)") }
  }

  func member(_ name: String) throws(TextError) -> JSONNode {
    guard let node = optional(name) else { throw problem("it has no \"\(name)\"") }
    return node
  }

  /// The elements of an array, created lazily.
  func elements() throws(TextError) -> LazyMapCollection<Range<Int>, JSONNode> {
    guard let array = value.array else { throw problem("an array was expected") }
    let (file, path) = (file, path)
    return array.indices.lazy.map { JSONNode(value: array[$0], file: file, path: path, index: $0) }
  }

  /// The members of an object, in order, except those that are null.
  func members() throws(TextError) -> [(name: String, value: JSONNode)] {
    guard case .object(let members) = value else { throw problem("an object was expected") }
    return members.compactMap { key, value in
      if case .null = value { return nil }
      let name = String(decoding: key.utf8, as: UTF8.self)
      return (name, JSONNode(value: value, file: file, path: path.isEmpty ? name : "\(path).\(name)"))
    }
  }

  func elements(_ name: String) throws(TextError) -> LazyMapCollection<Range<Int>, JSONNode> {
    try member(name).elements()
  }

  func bytes() throws(TextError) -> [UInt8] {
    guard let bytes = value.bytes else { throw problem("a string was expected") }
    return bytes
  }

  func text() throws(TextError) -> String { String(decoding: try bytes(), as: UTF8.self) }

  func text(_ name: String) throws(TextError) -> String { try member(name).text() }

  func bool(_ name: String, default fallback: Bool) throws(TextError) -> Bool {
    guard let node = optional(name) else { return fallback }
    guard let bool = node.value.bool else { throw node.problem("true or false was expected") }
    return bool
  }

  /// The `type` that distinguishes the variants of a component.
  func type() throws(TextError) -> String { try text("type") }
}
