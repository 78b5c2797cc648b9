import Foundation
import ZooDrawing
import ZooImages
import ZooTensors

/// A run as a single, self-contained page: no script, no other file, no network.
struct HTMLReport {
  private var destination: Destination
  private let facts: [String]
  private var pictures: [HTML] = []
  private var legend: HTML = ""

  /// - Parameters:
  ///   - inputs: The pictures that are read, which the page must not overwrite.
  ///   - facts: See `sheetFacts`.
  init(_ path: String, inputs: [String], facts: [String]) throws {
    guard path.pathExtension.lowercased() == Self.ending else {
      throw CallError.wrongEnding(path, needed: Self.ending)
    }
    destination = try Destination(path, ending: Self.ending, results: 1, inputs: inputs, folders: [])
    self.facts = facts
  }

  private static let ending = "html"

  /// Adds a picture with all its maps.
  mutating func add(_ entry: PictureReport.ImageReport, _ drawing: Drawing) throws {
    if pictures.isEmpty { legend = try .legend(drawing.reportLegend) }
    let seen = drawing.covered, crop = entry.crop
    let window = [crop.left, crop.top, crop.right, crop.bottom].map { formatted("%.0f", $0) }
    pictures.append(
      """
      <section>
      <h2><bdi>\(entry.image)</bdi></h2>
      \(.picture(try seen.pngData(), alternative: "the picture as the model sees it", class: "seen"))
      <p class="quiet">\(entry.size[1])x\(entry.size[0]) pixels, of which the model sees columns \(window[0]) to \
      \(window[2]) and rows \(window[1]) to \(window[3]) at \(drawing.picture.width)x\(drawing.picture.height).</p>
      \(Self.table(entry))
      \(HTML(try entry.prompts.indices.map { try Self.section(of: $0, entry.prompts[$0], drawing) }))
      </section>
      """)
  }

  /// Writes the page and returns its path.
  ///
  /// - Parameter tables: Headings with names and values, for the end.
  mutating func finish(
    title: String, tables: [(heading: String, rows: [(name: String, value: String)])], call: String
  ) throws -> String {
    let page = HTML.page(title: title, facts: facts, parts: [legend] + pictures, tables: tables, call: call)
    return try destination.write(Data(page.text.utf8), as: "")
  }

  private static func badges(_ texts: [String]) -> HTML { HTML(texts.map { "<span class=\"badge\">\($0)</span>" }) }

  /// Similarities, one row for each prompt.
  private static func table(_ entry: PictureReport.ImageReport) -> HTML {
    func percent(_ share: Float) -> String { formatted("%.1f %%", share * 100) }
    let columns: [(name: String, value: (PromptReport) -> String?)] = [
      ("similarity", { formatted("%.4f", $0.similarity) }), ("softmax", { $0.softmax.map(percent) }),
      ("sigmoid", { $0.probability.map(percent) }),
    ].filter { column in entry.prompts.contains { column.value($0) != nil } }
    let rows: [HTML] = entry.prompts.map { prompt in
      """
      <tr><td><bdi>\(prompt.prompt)</bdi></td>\
      \(HTML(columns.map { "<td class=\"number\">\($0.value(prompt) ?? "")</td>" }))\
      <td>\(prompt.absent ? badges([PromptReport.absentBadge]) : "")</td></tr>
      """
    }
    let rule: HTML =
      entry.absentBelow.map {
        "<p class=\"quiet\">absent: not above \(formatted("%.4f", $0)), what a prompt that names nothing has.</p>"
      } ?? ""
    return """
      <div class="scroll"><table>
      <tr><th>prompt</th>\(HTML(columns.map { "<th class=\"number\">\($0.name)</th>" }))<th></th></tr>
      \(HTML(rows))
      </table></div>
      \(rule)
      """
  }

  /// A prompt with the maps of all methods.
  private static func section(of index: Int, _ prompt: PromptReport, _ drawing: Drawing) throws -> HTML {
    let figures: [HTML] = try drawing.methods.indices.map { method in
      let maps = drawing.methods[method], name = maps.method.displayName
      let isFlat = maps.maps[index].isFlat
      return """
        <figure>\(.picture(try drawing.overlay(method, index).pngData(), alternative: "\(name): \(prompt.prompt)"))
        <figcaption>\(name)<br>\(drawing.energy(method, index)) \(isFlat ? badges([PromptReport.flatBadge]) : "")\
        </figcaption></figure>
        """
    }
    let largest = prompt.words?.map(\.share).max() ?? 0
    let words: [HTML] = (prompt.words ?? []).map { word in
      let strength = formatted("%.2f", largest > 0 ? max(0, word.share) / largest : 0)
      let share = formatted("%.0f %%", word.share * 100)
      return """
        <span style="background: rgba(var(--word), \(strength))"><bdi>\(word.text)</bdi> <small>\(share)</small></span>
        """
    }
    let strip: HTML = words.isEmpty ? "" : "<p class=\"words\">\(HTML(words))</p>"
    return """
      <div class="prompt">
      <h3><bdi>\(prompt.prompt)</bdi> \(prompt.absent ? badges([PromptReport.absentBadge]) : "")</h3>
      \(strip)
      <div class="maps">
      \(HTML(figures))
      </div>
      </div>
      """
  }
}
