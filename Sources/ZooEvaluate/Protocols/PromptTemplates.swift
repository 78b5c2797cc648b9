import CVocabulary
import Foundation

/// Sentences into which class names are inserted, at `{}`.
public enum PromptTemplates {
  /// "a photo of a {}".
  public static let plain = ["a photo of a {}"]

  /// Sets by name: `plain`; `openai`, OpenAI's 80 templates for ImageNet; `openai-7`, the best subset of these.
  public static let named: [(name: String, templates: [String])] = {
    let text = String(decoding: Data(bytes: zoo_templates_bytes(), count: zoo_templates_size), as: UTF8.self)
    let sets = text.split(separator: "\n\n").map { $0.split(separator: "\n").map(String.init) }
    return [("plain", plain), ("openai", sets[0]), ("openai-7", sets[1])]
  }()

  /// Expands names of sets in a list of templates. Throws `EvaluateError.templateWithoutPlace`.
  public static func expand(_ texts: [String]) throws -> [String] {
    try texts.flatMap { text in
      if let set = named.first(where: { $0.name == text }) { return set.templates }
      guard text.contains("{}") else { throw EvaluateError.templateWithoutPlace(text) }
      return [text]
    }
  }

  /// How a report describes templates: the name of a set, or all of them.
  package static func describe(_ templates: [String]) -> String {
    if let set = named.dropFirst().first(where: { $0.templates == templates }) {
      return "\(set.name) (\(templates.count))"
    }
    return templates.map { "\"\($0)\"" }.joined(separator: " ")
  }
}
