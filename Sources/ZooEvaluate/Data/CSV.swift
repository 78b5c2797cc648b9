import Foundation

/// A text table in the format of RFC 4180, with column names in its first line; read line by line, so that a table with millions of rows takes no
/// more memory than its file.
struct CSV {
  private let file: String
  private let bytes: Data
  private let separator: UInt8
  private var at: Int
  /// The number of the next line, from 1.
  private var nextLine = 1
  /// The line in which the last row began.
  private(set) var line = 1
  private(set) var columns: [String] = []

  /// Throws `EvaluateError` if the file cannot be read.
  init(_ file: String) throws {
    self.file = file
    do {
      bytes = try Data(contentsOf: URL(filePath: file), options: .mappedIfSafe)
    } catch {
      throw EvaluateError.unreadable(file: file, reason: "it is missing or may not be read")
    }
    separator = file.lowercased().hasSuffix(".tsv") ? 0x09 : 0x2C
    at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    guard let names = try next() else { throw EvaluateError.unreadable(file: file, reason: "it is empty") }
    columns = names.map { $0.trimmed }
  }

  /// The index of the column with one of these names, ignoring case.
  func column(_ names: String...) throws -> Int {
    guard let place = optional(names) else {
      throw EvaluateError.unreadable(file: file, reason: "its first line names no column '\(names[0])'")
    }
    return place
  }

  func optional(_ names: [String]) -> Int? {
    columns.firstIndex { column in names.contains { $0.lowercased() == column.lowercased() } }
  }

  /// The fields of the next non-empty line; nil at the end.
  mutating func next() throws -> [String]? {
    while at < bytes.count {
      let fields = try row()
      if fields.count > 1 || fields.first?.isEmpty == false { return fields }
    }
    return nil
  }

  private mutating func row() throws -> [String] {
    var fields: [String] = [], field: [UInt8] = [], isQuoted = false
    line = nextLine
    let line = line
    func finished() throws -> String {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw EvaluateError.badLine(line, file: file, reason: "it is not UTF-8")
      }
      return text
    }
    while at < bytes.count {
      let byte = bytes[bytes.startIndex + at]
      at += 1
      switch byte {
      case 0x22 where isQuoted:
        if at < bytes.count, bytes[bytes.startIndex + at] == 0x22 {
          field.append(byte)
          at += 1
        } else {
          isQuoted = false
        }
      case 0x22 where field.isEmpty: isQuoted = true
      case separator where !isQuoted:
        fields.append(try finished())
        field = []
      case 0x0D where !isQuoted && at < bytes.count && bytes[bytes.startIndex + at] == 0x0A: break
      case 0x0A:
        nextLine += 1
        if isQuoted {
          field.append(byte)
        } else {
          return fields + [try finished()]
        }
      default: field.append(byte)
      }
    }
    if isQuoted { throw EvaluateError.badLine(line, file: file, reason: "a quotation mark is not closed") }
    return fields + [try finished()]
  }
}
