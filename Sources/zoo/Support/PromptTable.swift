import Foundation
import ZooText

/// A table of pictures with their own prompts: CSV, or TSV if its extension says so. A picture may have several rows.
struct PromptTable {
  /// In table order, each picture once.
  private(set) var pictures: [(path: String, prompts: [String])] = []

  static func isTable(_ file: String) -> Bool {
    ["csv", "tsv"].contains(file.pathExtension.lowercased())
  }

  /// - Throws: `CallError.badTable`, with the line.
  init(_ text: String, file: String) throws {
    let separator: Character = file.lowercased().hasSuffix(".tsv") ? "\t" : ","
    let rows = try Self.rows(of: text, separator: separator, file: file)
    func column(_ names: Set<String>) -> Int? {
      rows.first?.fields.firstIndex { names.contains($0.trimmed.lowercased()) }
    }
    guard let image = column(["image", "picture", "file", "filepath", "path"]),
      let prompt = column(["prompt", "text", "caption", "title"])
    else {
      throw CallError.badTable(file: file, line: 1, reason: "the columns 'image' and 'prompt' are not named there")
    }
    var places: [String: Int] = [:]
    for row in rows.dropFirst() {
      guard row.fields.count > max(image, prompt) else {
        throw CallError.badTable(
          file: file, line: row.line, reason: "it has \(row.fields.count) columns, fewer than the first line")
      }
      let path = Self.place(row.fields[image], beside: file), text = row.fields[prompt]
      guard !isBlank(row.fields[image]), !isBlank(text) else {
        throw CallError.badTable(file: file, line: row.line, reason: "the picture or the prompt is blank")
      }
      if let place = places[path] {
        pictures[place].prompts.append(text)
      } else {
        places[path] = pictures.count
        pictures.append((path, [text]))
      }
    }
    guard !pictures.isEmpty else { throw CallError.badTable(file: file, line: 1, reason: "no row follows it") }
  }

  /// A path in the table: absolute, or relative to its folder.
  private static func place(_ path: String, beside file: String) -> String {
    let folder = file.deletingLastPathComponent
    return path.hasPrefix("/") || folder.isEmpty ? path : folder.appendingPathComponent(path)
  }

  /// The rows according to RFC 4180: fields may be quoted, and then contain separators, line breaks and doubled quotes.
  private static func rows(
    of text: String, separator: Character, file: String
  ) throws -> [(line: Int, fields: [String])] {
    var rows: [(line: Int, fields: [String])] = []
    var fields: [String] = [], field = "", isQuoted = false, line = 1, start = 1
    func endRow() {
      let all = fields + [field]
      if all.contains(where: { !$0.isEmpty }) { rows.append((start, all)) }
      (fields, field) = ([], "")
    }
    var rest = Substring(text)
    while let character = rest.popFirst() {
      if character.isNewline { line += 1 }
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        rest.removeFirst()
        field.append("\"")
      case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
      case _ where isQuoted: field.append(character)
      case separator:
        fields.append(field)
        field = ""
      case _ where character.isNewline:
        endRow()
        start = line
      default: field.append(character)
      }
    }
    guard !isQuoted else { throw CallError.badTable(file: file, line: start, reason: "a quotation mark is not closed") }
    endRow()
    return rows
  }
}
