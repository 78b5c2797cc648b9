import Foundation
import ZooText

/// Class names by id: a CSV with the columns `wnid` (or `id`) and `name`, or lines with an id and names, such as Kaggle's
/// `LOC_synset_mapping.txt` (`n01440764 tench, Tinca tinca`), of which the first name is used.
public struct ClassNames: Sendable {
  /// The file that they came from.
  public let source: String
  private let names: [String: String]

  /// The ids for a zero-shot head: all that a file names, or ImageNet's 1000 classes.
  public let ids: [String]

  /// The name of the class with an id, such as `n01440764`; nil if it is unknown.
  public subscript(id: String) -> String? { names[id] }

  /// Throws an `EvaluateError` if the file cannot be read.
  public init(file: String) throws {
    source = file
    names =
      ["csv", "tsv"].contains(file.pathExtension.lowercased())
      ? try Self.table(file) : try Self.lines(file)
    ids = names.keys.sorted()
  }

  /// The built-in names (`imageNetNames()`).
  public static func builtIn() throws -> ClassNames {
    let rows = try imageNetNames()
    return ClassNames(
      source: "the names that come with zoo", ids: rows.prefix(imageNetClassCount).map(\.id),
      names: Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.name) }))
  }

  private init(source: String, ids: [String], names: [String: String]) {
    (self.source, self.ids, self.names) = (source, ids, names)
  }

  private static func table(_ file: String) throws -> [String: String] {
    var table = try CSV(file), names: [String: String] = [:]
    let (id, name) = (try table.column("wnid", "id", "synset"), try table.column("name", "class"))
    while let row = try table.next() {
      guard row.count > max(id, name), !row[name].isEmpty else {
        throw EvaluateError.badLine(table.line, file: file, reason: "it has no name")
      }
      names[row[id]] = row[name]
    }
    return names
  }

  private static func lines(_ file: String) throws -> [String: String] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw EvaluateError.unreadable(file: file, reason: "it is missing or no text")
    }
    var names: [String: String] = [:]
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if line.allSatisfy(\.isWhitespace) { continue }
      let words = line.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
      guard words.count == 2, let name = words[1].split(separator: ",").first else {
        throw EvaluateError.badLine(number + 1, file: file, reason: "it is not an id and a name")
      }
      names[String(words[0])] = name.trimmed
    }
    return names
  }
}
