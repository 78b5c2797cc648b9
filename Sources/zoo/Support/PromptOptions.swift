import ArgumentParser
import Foundation
import ZooExplain
import ZooTensors
import ZooText

/// The prompts of a call.
struct PromptOptions: ParsableArguments {
  @Option(name: [.customShort("p"), .customLong("prompt")], help: ArgumentHelp("What to look for.", valueName: "text"))
  var prompts: [String] = []

  @Option(
    name: .customLong("prompts"),
    help: ArgumentHelp(
      "A file with one prompt per line, or - for standard input; lines that begin with # are comments.",
      discussion: """
        A .csv or .tsv file gives each picture its own prompts: its first line names the columns, \
        'image' and 'prompt'; paths are relative to the file's folder.
        """, valueName: "file"))
  var file: String?

  var isEmpty: Bool { prompts.isEmpty && file == nil }

  /// Whether the file is a table that names the pictures.
  var isTable: Bool { file.map(PromptTable.isTable) ?? false }

  /// The prompts of all pictures.
  func all() throws -> [String] {
    var all = prompts
    if let file { all += try Self.lines(of: file) }
    guard !all.isEmpty else { throw CallError.noPrompts }
    if let blank = all.firstIndex(where: isBlank) { throw CallError.blankPrompt(blank + 1) }
    return all
  }

  /// The pictures of the call with their prompts. Prompts given by `-p` beside a table apply to every picture.
  func tasks(pictures: [String]) throws -> [PictureTask] {
    guard isTable, let file else { return pictures.map { PictureTask(path: $0) } }
    guard pictures.isEmpty else { throw CallError.picturesTwice(file: file) }
    let rows = try PromptTable(try Self.text(of: file), file: file).pictures
    return rows.map { PictureTask(path: $0.path, prompts: $0.prompts + prompts) }
  }

  /// The lines of a file that are neither blank nor comments.
  static func lines(of file: String) throws -> [String] { try promptLines(of: text(of: file)) }

  private static func text(of path: String) throws -> String {
    let data: Data
    do {
      // Pipes such as <(...) have no size: they are read to the end.
      data = try (path == "-" ? .standardInput : OpenFile(reading: path)).read()
    } catch {
      throw CallError.unreadable(file: path, reason: systemReason(of: error))
    }
    guard var text = String(validating: data, as: UTF8.self) else {
      throw CallError.unreadable(file: path, reason: "it is not UTF-8 text")
    }
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    return text
  }
}

/// A picture, with prompts of its own if a table lists them.
struct PictureTask {
  let path: String
  var prompts: [String]?
}
