import Foundation
import ZooDrawing
import ZooEvaluate
import ZooExplain
import ZooImages
import ZooRuntime
import ZooTensors

/// A run's table with its worst and best cases as a single, self-contained page.
struct EvaluationPage {
  private var destination: Destination
  /// The number of cases of each kind.
  private static let count = 8
  private static let ending = "html"
  private static let alpha = 0.6

  /// - Parameter inputs: Files that the page must not overwrite.
  init(_ path: String, inputs: [String]) throws {
    guard path.pathExtension.lowercased() == Self.ending else {
      throw CallError.wrongEnding(path, needed: Self.ending)
    }
    destination = try Destination(path, ending: Self.ending, results: 1, inputs: inputs, folders: [])
  }

  /// Explains the worst and the best cases again, writes the page and returns its path.
  mutating func write<P: EvaluationProtocol>(
    _ report: EvaluationReport, _ lines: RunLines<SampleResult>, of protocol: P, at desk: EvaluationDesk,
    loader: PictureLoader, perClass: Bool, settings: [RunFacts.Row]
  ) throws -> String {
    let names = report.methods.map(\.name)
    let (worst, best) = try EvaluationCase.extremes(
      P.self, methods: names.count, count: Self.count, results: lines.forEach)
    func section(_ heading: String, _ cases: [EvaluationCase]) throws -> HTML {
      if cases.isEmpty { return "" }
      let parts = try cases.map { try figures(of: $0, `protocol`, desk, loader, names) }
      return "<h2>\(heading)</h2>\n\(HTML(parts))"
    }
    let rule: HTML = """
      <p class="quiet">Cases are ranked by \(P.meritName), of the map by \(names.first ?? ""). The first picture of each shows what is true.</p>
      """
    let page = HTML.page(
      title: "\(P.name.prefix(1).uppercased() + P.name.dropFirst()) of \(report.model)",
      facts: ["\(report.data), \(report.scenes) pictures"],
      parts: [report.htmlTable, rule, try .legend(.alone(.jet, alpha: Self.alpha))]
        + [try section("Worst cases", worst), try section("Best cases", best)]
        + (perClass ? ["<h2>Classes</h2>", report.htmlClasses] : []),
      tables: [
        ("Model", RunFacts.model(desk.model)), ("Settings", settings),
        ("Conventions", (report.pictures + report.choices).map { ($0.name, $0.value) }),
        (
          "Left out",
          report.leftOut.map { ("data", "\($0.input): \($0.error)") } + report.errors.map { ("picture", $0.error) }
        ), ("Notes", report.notes.map { ("note", $0) }), ("Versions", RunFacts.versions()),
      ], call: RunFacts.call(CommandLine.arguments))
    return try destination.write(Data(page.text.utf8), as: "")
  }

  /// A case: the truth, then each method's map with its merit.
  private func figures<P: EvaluationProtocol>(
    of one: EvaluationCase, _ protocol: P, _ desk: EvaluationDesk, _ loader: PictureLoader, _ methods: [String]
  ) throws -> HTML {
    let sample = try `protocol`.load(one.index, by: loader), shown = try `protocol`.shown(sample, at: desk)
    let own = shown.questions.filter { $0.label == one.label }
    guard own.indices.contains(one.ordinal) else { return "" }
    let question = own[one.ordinal]
    let maps = try desk.maps([shown.picture.tensor], of: [[question.asked]])[0].map { $0[0] }
    guard let size = maps.first?.pictureSize else { return "" }
    let seen = shown.picture.picture.cropped(rows: 0..<size.height, columns: 0..<size.width)
    let title = `protocol`.classes[one.label]
    let asked = question.asked == one.label ? "" : ", map of \(`protocol`.classes[question.asked])"
    let drawn: [HTML] = try zip(methods, maps).enumerated().map { place, pair in
      let (name, map) = pair, merit = one.merits[place].map { formatted("%.3f", $0) } ?? ""
      let picture = overlay(map.pixels(), on: seen, alpha: Self.alpha)
      return """
        <figure>\(.picture(try picture.pngData(), alternative: "\(name): \(title)"))
        <figcaption>\(name)<br>\(merit)</figcaption></figure>
        """
    }
    return """
      <h3><bdi>\(title)</bdi> <span class="quiet"><bdi>\(one.sample)</bdi>\(asked)</span></h3>
      <div class="maps">
      <figure>\(.picture(try question.truth.drawn(on: seen).pngData(), alternative: "the truth"))
      <figcaption>picture</figcaption></figure>
      \(HTML(drawn))
      </div>
      """
  }
}
