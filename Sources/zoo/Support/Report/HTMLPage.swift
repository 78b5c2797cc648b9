import ZooDrawing
import ZooImages

extension HTML {
  /// A self-contained page: no script, no other file, no network.
  ///
  /// - Parameters:
  ///   - facts: Lines below the title.
  ///   - tables: Headings with names and values, for the end.
  ///   - call: The command that made it.
  static func page(
    title: String, facts: [String], parts: [HTML],
    tables: [(heading: String, rows: [(name: String, value: String)])], call: String
  ) -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <title>\(title)</title>
    <style>
    \(.style)
    </style>
    </head>
    <body>
    <main>
    <h1>\(title)</h1>
    \(HTML(facts.map { "<p class=\"quiet\">\($0)</p>" }))
    \(HTML(parts))
    \(HTML(tables.filter { !$0.rows.isEmpty }.map { "<h2>\($0.heading)</h2>\n\(HTML.list($0.rows))" }))
    <h2>Run it again</h2>
    <pre>\(call)</pre>
    </main>
    </body>
    </html>

    """
  }

  /// A colour bar with labelled ends.
  static func legend(_ legend: Sheet.Legend) throws -> HTML {
    """
    <div class="legend">
    \(.picture(try legend.bar.pngData(), alternative: "colours from low to high"))
    <div><span>\(legend.low)</span><span>\(legend.high)</span></div>
    <p class="quiet">\(legend.note)</p>
    </div>
    """
  }

  /// A table that scrolls if it is too wide; all columns but the first contain numbers.
  static func table(_ header: [String], _ rows: [[String]]) -> HTML {
    func cells(_ row: [String], _ tag: HTML) -> HTML {
      HTML(
        row.enumerated().map { place, text in
          place == 0 ? "<\(tag)><bdi>\(text)</bdi></\(tag)>" : "<\(tag) class=\"number\">\(text)</\(tag)>"
        })
    }
    return """
      <div class="scroll"><table>
      <tr>\(cells(header, "th"))</tr>
      \(HTML(rows.map { "<tr>\(cells($0, "td"))</tr>" }))
      </table></div>
      """
  }
}
