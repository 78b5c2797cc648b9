/// Columns of text; numbers are right-aligned.
struct Table {
  private let header: [String]
  private let rightAligned: Set<Int>
  private let shortened: Set<Int>
  private var rows: [[String]] = []
  /// Lines before rows.
  private var headings: [Int: String] = [:]
  /// Lists in the last column of rows.
  private var lists: [Int: [String]] = [:]

  /// - Parameters:
  ///   - right: Columns that are right-aligned.
  ///   - shortened: Columns of long texts, which are shortened in the middle if a terminal is too narrow.
  init(_ header: [String], right: Set<Int> = [], shortened: Set<Int> = []) {
    self.header = header
    rightAligned = right
    self.shortened = shortened
  }

  mutating func add(_ row: [String]) { rows.append(row.map { printable($0) }) }

  /// Adds a row whose last column is a list on one line: if a terminal is too narrow, it ends with the number of omitted items.
  mutating func add(_ row: [String], list: [String]) {
    lists[rows.count] = list.map { printable($0) }
    add(row + [list.joined(separator: " ")])
  }

  /// Adds a line above the rows that follow.
  mutating func add(heading: String) { headings[rows.count] = printable(heading) }

  var isEmpty: Bool { rows.isEmpty }

  var text: String { text(within: nil) }

  /// - Parameter width: The columns of the terminal; the last column wraps if it does not fit.
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
      // Below the column if there is room for some words, otherwise below the whole table.
      let indent = width - margin >= 40 ? margin : 4
      return heading
        + last.wrapped(first: width - margin, others: width - indent).enumerated().map {
          ($0 == 0 ? start : String(repeating: " ", count: indent)) + $1
        }
    }.map(\.trimmingTrailingSpaces).joined(separator: "\n")
  }

  /// Narrows the widest of the columns that may be shortened until all fit.
  private func shorten(_ widths: inout [Int], to width: Int) {
    while widths.reduce(-2, { $0 + $1 + 2 }) > width,
      let widest = shortened.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
    { widths[widest] -= 1 }
  }
}

extension [String] {
  /// As many items as fit, and how many more there are; always includes the first.
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

  /// Lines of at most so many characters, if words allow it; at least one.
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
