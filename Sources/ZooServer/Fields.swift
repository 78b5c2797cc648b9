import Foundation
import ZooJSON

/// The fields of a JSON object sent by a client: each is read once, checked, and named if it is invalid.
struct Fields {
  private var values: [String: JSONValue]
  /// The fields that were read.
  private var known: [String] = []

  /// Throws `ServerError.notJSON` for anything but an object.
  init(_ request: ServerRequest) throws {
    let type = request.headers.first(name: "content-type") ?? ""
    guard type.split(separator: ";").first?.trimmed.lowercased() == "application/json"
    else {
      throw ServerError.wrongType(type)
    }
    try checkJSON(request.body, file: "", failure: ServerError.self)
    let body = try JSONValue([UInt8](request.body), file: "", limit: 100_000, failure: ServerError.self)
    guard let object = Fields(body) else { throw ServerError.notJSON("it is not an object") }
    self = object
  }

  /// Nil if the value is not an object.
  init?(_ value: JSONValue) {
    guard case .object(let members) = value else { return nil }
    values = Dictionary(members.map { (String(decoding: $0.key.utf8, as: UTF8.self), $0.value) }) { _, last in last }
  }

  mutating func take(_ name: String) -> JSONValue? {
    known.append(name)
    return values.removeValue(forKey: name)
  }

  mutating func text(_ name: String, most: Int) throws -> String? {
    try take(name).map { try Self.text($0, name, most: most) }
  }

  mutating func flag(_ name: String) throws -> Bool? {
    try take(name).map { value in
      guard let flag = value.bool else { throw ServerError.badField(name, reason: "it is not true or false") }
      return flag
    }
  }

  mutating func whole(_ name: String) throws -> Int? {
    try take(name).map { value in
      guard let whole = value.double.flatMap({ Int(exactly: $0) }) else {
        throw ServerError.badField(name, reason: "it is not a whole number")
      }
      return whole
    }
  }

  mutating func texts(_ name: String, count: ClosedRange<Int>, most: Int) throws -> [String]? {
    try take(name).map { value in
      guard let list = value.array, count.contains(list.count) else {
        throw ServerError.badField(name, reason: "it is not a list of \(count.lowerBound) to \(count.upperBound) texts")
      }
      return try list.enumerated().map { try Self.text($1, "\(name)[\($0)]", most: most) }
    }
  }

  mutating func needed<Value>(_ name: String, _ read: (inout Fields) throws -> Value?) throws -> Value {
    guard let value = try read(&self) else { throw ServerError.badField(name, reason: "it is missing") }
    return value
  }

  /// Throws if the object has a field that was not read.
  func finish() throws {
    if let name = values.keys.min() {
      throw ServerError.badField(
        name, reason: "there is no such field; there are \(known.sorted().joined(separator: ", "))")
    }
  }

  static func text(_ value: JSONValue, _ name: String, most: Int) throws -> String {
    guard let text = value.text else { throw ServerError.badField(name, reason: "it is not text") }
    guard !text.allSatisfy(\.isWhitespace) else { throw ServerError.badField(name, reason: "it is blank") }
    guard text.unicodeScalars.count <= most else {
      throw ServerError.badField(name, reason: "it has more than \(most) letters")
    }
    return text
  }

  /// A picture's bytes: base64, or a `data:` URL with it.
  static func picture(_ value: JSONValue, _ name: String) throws -> Data {
    guard let text = value.text else { throw ServerError.badField(name, reason: "it is not text") }
    var coded = text[...]
    if coded.hasPrefix("data:") {
      guard let comma = coded.firstIndex(of: ","), coded[..<comma].hasSuffix(";base64") else {
        throw ServerError.badField(name, reason: "it is a data: URL, but not one of base64")
      }
      coded = coded[coded.index(after: comma)...]
    }
    if coded.hasPrefix("http:") || coded.hasPrefix("https:") || coded.hasPrefix("file:") {
      throw ServerError.badField(name, reason: "the server fetches nothing; send the picture's bytes as base64")
    }
    guard let data = Data(base64Encoded: String(coded)), !data.isEmpty else {
      throw ServerError.badField(name, reason: "it is not the base64 of a picture")
    }
    return data
  }
}
