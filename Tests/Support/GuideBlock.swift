import Foundation

/// A block of code in a Markdown page.
public struct GuideBlock: Sendable {
  public let language: String
  /// The number of its first line, from 1.
  public let line: Int
  public let text: String

  /// The fenced blocks of a page, in order.
  public static func all(in page: URL) throws -> [GuideBlock] {
    var blocks: [GuideBlock] = [], language: String?, start = 0, text: [Substring] = []
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      guard line.hasPrefix("```") else {
        text.append(line)
        continue
      }
      if let open = language {
        blocks.append(GuideBlock(language: open, line: start, text: text.joined(separator: "\n")))
        language = nil
      } else {
        (language, start, text) = (String(line.dropFirst(3)), number + 2, [])
      }
    }
    return blocks
  }
}
