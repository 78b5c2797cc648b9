import Foundation

extension PointedPictures {
  /// OpenImages V7's labelled points: `ImageId,X,Y,Label,EstimatedYesNo,...` in a CSV file, class descriptions in another, and pictures anywhere in a
  /// folder (including FiftyOne's layout).
  ///
  /// Uncertain points are dropped; so are pairs of picture and class without a point on the class.
  ///
  /// - Parameters:
  ///   - points: The CSV file; nil to look in or below the folder of pictures for the file names of OpenImages or FiftyOne.
  ///   - descriptions: `oidv7-class-descriptions.csv`, with or without a header line; nil likewise.
  ///   - pictures: The folder with the pictures.
  ///   - problem: Called for pictures and classes that are left out, with the reason.
  public init(
    openImages points: String? = nil, descriptions: String? = nil, pictures folder: String,
    problem: (_ item: String, _ reason: String) throws -> Void
  ) throws {
    let points = try points ?? table(in: folder, "the points", option: "--points", publishedNames: pointTables)
    let descriptions =
      try descriptions
      ?? table(in: folder, "the classes' names", option: "--descriptions", publishedNames: descriptionTables)
    let names = try classDescriptions(descriptions), files = PictureIndex(folder)
    var table = try CSV(points)
    let (image, x, y) = (try table.column("ImageId", "ImageID"), try table.column("X"), try table.column("Y"))
    let (label, answer) = (try table.column("Label", "LabelName"), try table.column("EstimatedYesNo"))
    var found: [String: [String: [LabelledPoint]]] = [:]
    while let row = try table.next() {
      func fail(_ reason: String) -> EvaluateError { .badLine(table.line, file: points, reason: reason) }
      guard row.count > max(image, x, y, label, answer) else { throw fail("it has \(row.count) fields") }
      guard let across = Double(row[x]), let down = Double(row[y]), across.isFinite, down.isFinite else {
        throw fail("'\(row[x]),\(row[y])' is not a place")
      }
      switch row[answer] {
      case "yes", "no":
        found[row[image], default: [:]][row[label], default: []].append(
          LabelledPoint(x: across, y: down, isThing: row[answer] == "yes"))
      case "unsure": break
      default: throw fail("EstimatedYesNo is '\(row[answer])', not yes, no or unsure")
      }
    }
    let asked = found.mapValues { $0.filter { $0.value.contains(where: \.isThing) } }.filter { !$0.value.isEmpty }
    let labels = Array(Set(asked.values.flatMap(\.keys))).sorted()
    for label in labels where names[label] == nil { try problem(label, "it has no name in \(descriptions)") }
    let known = labels.filter { names[$0] != nil }
    let places = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    var entries: [Entry] = []
    for (id, questions) in asked.sorted(by: { $0.key < $1.key }) {
      guard let file = files[id] else {
        try problem(id, "there is no picture of this name in \(folder)")
        continue
      }
      let named = questions.sorted { $0.key < $1.key }.compactMap { label, points in
        places[label].map { Question(label: $0, points: points) }
      }
      if !named.isEmpty { entries.append(Entry(id: id, file: file, questions: named)) }
    }
    self.init(classes: known.compactMap { names[$0] }, pictures: entries)
  }
}

/// Suffixes of the names of tables: OpenImages' own, then FiftyOne's. Earlier ones win.
private let pointTables = ["annotations-point-labels.csv", "/points.csv"]
private let descriptionTables = [
  "v7-class-descriptions.csv", "/point_classes.csv", "class-descriptions.csv", "/classes.csv",
]

private func table(in folder: String, _ what: String, option: String, publishedNames: [String]) throws -> String {
  let all = try? FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".csv") }
  for name in publishedNames {
    let found = (all ?? []).filter { "/\($0)".hasSuffix(name) }.sorted()
    if found.count > 1 {
      throw EvaluateError.unreadable(
        file: folder,
        reason: "it has several tables of \(what), \(found[0]) and \(found[1]): name one with \(option)")
    }
    if let one = found.first { return folder.appendingPathComponent(one) }
  }
  throw EvaluateError.unreadable(
    file: folder,
    reason: "neither it nor a folder below holds \(what) by a published name: name the file with \(option)")
}

/// Names by label; a header line is not a label.
private func classDescriptions(_ file: String) throws -> [String: String] {
  var table = try CSV(file), names: [String: String] = [:]
  if table.columns.count > 1, table.columns[0].hasPrefix("/") { names[table.columns[0]] = table.columns[1] }
  while let row = try table.next() {
    guard row.count > 1 else { throw EvaluateError.badLine(table.line, file: file, reason: "it has one field") }
    names[row[0]] = row[1]
  }
  return names
}
