import Foundation
import Testing

/// The served description of the API, and whether an answer conforms to it.
struct OpenAPIDocument {
  private let document: [String: Any]

  init(_ json: [String: Any]) { document = json }

  /// What is wrong with an answer; empty if nothing is.
  func faults(of answer: ServedModel.Answer, to method: String, _ path: String) -> [String] {
    guard let operation = value("paths", path, method.lowercased()) else {
      return ["\(method) \(path) is not described"]
    }
    guard let response = value("responses", "\(answer.status)", in: operation) else {
      return ["\(method) \(path) has no answer \(answer.status)"]
    }
    let type = answer.headers["content-type"]?.split(separator: ";").first.map(String.init) ?? ""
    guard let schema = value("content", type, "schema", in: response) else {
      return ["\(answer.status) has no \(type)"]
    }
    guard type.hasSuffix("json") else { return [] }
    return faults(of: answer.json, schema, at: path)
  }

  /// What is wrong with an error for an undescribed path: the server only answers with problem documents.
  func faults(ofProblem answer: ServedModel.Answer) -> [String] {
    guard answer.headers["content-type"] == "application/problem+json" else { return ["no problem document"] }
    let faults = faults(of: answer.json, ["$ref": "#/components/schemas/Problem"], at: "problem")
    return faults + (answer.json["status"] as? Int == answer.status ? [] : ["another status"])
  }

  private func value(_ path: String..., in start: [String: Any]? = nil) -> [String: Any]? {
    path.reduce(start ?? document) { $0?[$1] as? [String: Any] }
  }

  private func faults(of value: Any, _ schema: [String: Any], at place: String) -> [String] {
    if let reference = schema["$ref"] as? String {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      return faults(of: value, self.value("components", "schemas", name) ?? [:], at: place)
    }
    if let choices = schema["anyOf"] as? [[String: Any]] {
      return choices.contains { faults(of: value, $0, at: place).isEmpty } ? [] : ["\(place) is of no stated kind"]
    }
    if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") {
      return ["\(place): \(value)"]
    }
    switch schema["type"] as? String {
    case "object":
      guard let object = value as? [String: Any] else { return ["\(place) is no object"] }
      let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
      let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map {
        "\(place).\($0) is missing"
      }
      let unknown = object.keys.filter { properties[$0] == nil }.map { "\(place).\($0) is not described" }
      return missing + unknown
        + object.flatMap { key, value in properties[key].map { faults(of: value, $0, at: "\(place).\(key)") } ?? [] }
    case "array":
      guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
        return ["\(place) is no list"]
      }
      return list.enumerated().flatMap { faults(of: $1, items, at: "\(place)[\($0)]") }
    case "string": return value is String ? [] : ["\(place) is no text"]
    case "number", "integer": return value is NSNumber ? [] : ["\(place) is no number"]
    case "boolean": return value is NSNumber ? [] : ["\(place) is no flag"]
    case "null": return value is NSNull ? [] : ["\(place) is not null"]
    default: return ["\(place): the document names no type"]
    }
  }
}
