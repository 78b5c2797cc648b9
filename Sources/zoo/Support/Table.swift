/// Columns of text; numbers are set to the right.
struct Table {
  private let header: [String]
  private let rightAligned: Set<Int>
  private let shortened: Set<Int>
  private var rows: [[String]] = []
  /// Lines that stand before rows.
  private var headings: [Int: String] = [:]
  /// What the last column of a row lists.
  private var lists: [Int: [String]] = [:]

  /// - Parameters:
  ///   - right: columns that are set to the right.
  ///   - shortened: columns of long texts, of which the middle is left out where a terminal is too narrow.
  init(_ header: [String], right: Set<Int> = [], shortened: Set<Int> = []) {
    self.header = header
    rightAligned = right
    self.shortened = shortened
  }

  mutating func add(_ row: [String]) { rows.append(row.map { printable($0) }) }

  /// A row whose last column is a list, on one line: where a terminal is too narrow, it ends in how many more there are.
  mutating func add(_ row: [String], list: [String]) {
    lists[rows.count] = list.map { printable($0) }
    add(row + [list.joined(separator: " ")])
  }

  /// A line above the rows that are added next.
  mutating func add(heading: String) { headings[rows.count] = printable(heading) }

  var isEmpty: Bool { rows.isEmpty }

  var text: String { text(within: nil) }

  /// - Parameter width: Columns of the terminal: the words of the last column go on in the next line where it is full.
  func text(within width: Int?) -> String {
    var all = [header] + rows
    var widths = header.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
    if let width, !shortened.isEmpty {
      shorten(&widths, to: width)
      all = all.map { row in row.enumerated().map { shortened.contains($0) ? $1.shortened(to: widths[$0]) : $1 } }
    }
    let margin = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    return all.enumerated().flatMap { index, row in
      let heading = headings[index - 1].map { ["", $0] } ?? []
      let start = row.dropLast().enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.columns)
        return (rightAligned.contains(column) ? space + cell : cell + space) + "  "
      }.joined()
      let last = row[row.count - 1], column = row.count - 1
      if rightAligned.contains(column) {
        return heading + [start + String(repeating: " ", count: widths[column] - last.columns) + last]
      }
      guard let width, shortened.isEmpty else { return heading + [start + last] }
      if let list = lists[index - 1] { return heading + [start + list.joined(within: width - margin)] }
      // Under the column where there is room for some words, else under the whole table.
      let indent = width - margin >= 40 ? margin : 4
      return heading
        + last.wrapped(first: width - margin, others: width - indent).enumerated().map {
          ($0 == 0 ? start : String(repeating: " ", count: indent)) + $1
        }
    }.map(\.trimmingTrailingSpaces).joined(separator: "\n")
  }

  /// Takes columns from the widest of those that may be shortened, until all fit.
  private func shorten(_ widths: inout [Int], to width: Int) {
    while widths.reduce(-2, { $0 + $1 + 2 }) > width,
      let widest = shortened.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
    { widths[widest] -= 1 }
  }
}

extension [String] {
  /// As many as fit, and how many more there are; the first in any case.
  fileprivate func joined(within width: Int) -> String {
    func line(_ count: Int) -> String {
      (prefix(count) + (count < self.count ? ["+\(self.count - count)"] : [])).joined(separator: " ")
    }
    let fitting = (1...Swift.max(1, count)).last { line($0).columns <= width }
    return line(fitting ?? 1)
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    let end = utf8.lastIndex { $0 != UInt8(ascii: " ") }
    return end.map { String(self[...$0]) } ?? ""
  }

  /// Lines of at most so many characters, where words allow it; one at least.
  fileprivate func wrapped(first: Int, others: Int) -> [String] {
    var lines = [""]
    for word in split(separator: " ") {
      let line = lines[lines.count - 1], isFirst = lines.count == 1
      if line.count + (line.isEmpty ? 0 : 1) + word.count <= (isFirst ? first : others) || (line.isEmpty && !isFirst) {
        lines[lines.count - 1] = line.isEmpty ? String(word) : "\(line) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
