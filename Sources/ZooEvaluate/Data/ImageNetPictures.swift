import Foundation

extension ClassifiedPictures {
  /// ImageNet's validation pictures as people have them, told by what the folder holds:
  ///
  /// * a folder for each class, `val/n01440764/ILSVRC2012_val_00000293.JPEG`: the place of a class is that of its id in sorted order;
  /// * pictures side by side with Kaggle's `LOC_val_solution.csv`;
  /// * pictures side by side with the devkit's `ILSVRC2012_validation_ground_truth.txt`, whose numbers are places in the devkit's own order:
  ///   `map_clsloc.txt` or `synsets.txt` beside it says which.
  ///
  /// - Parameters:
  ///   - names: names of the classes by their ids; see `ClassNames`.
  ///   - problem: called for what is left out, with the reason.
  public init(
    imageNet folder: String, names: ClassNames, problem: (_ item: String, _ reason: String) throws -> Void
  ) throws {
    let truths = try imageNetTruths(in: folder)
    let ids = Array(Set(truths.map(\.synset))).sorted()
    for id in ids where names[id] == nil { try problem(id, "it has no name in \(names.source)") }
    // All classes that have names take part in the zero-shot head, also those without pictures here.
    let classes = Array(Set(names.ids + ids.filter { names[$0] != nil })).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let entries = truths.compactMap { truth in
      places[truth.synset].map { Entry(id: truth.id, file: truth.file, label: $0) }
    }
    self.init(
      classes: classes.compactMap { names[$0] }, pictures: entries,
      areImageNets: classes == (try ClassNames.builtIn().ids))
  }
}

private struct Truth {
  let id: String
  let file: String
  let synset: String
}

private func imageNetTruths(in folder: String) throws -> [Truth] {
  let path = folder as NSString
  func found(_ names: String...) -> String? {
    let places = names.flatMap { [path.appendingPathComponent($0), path.appendingPathComponent("data/\($0)")] }
    return places.first(where: FileManager.default.fileExists)
  }
  let pictures = PictureIndex(folder)
  if let solution = found("LOC_val_solution.csv") { return try kaggle(solution, pictures, folder) }
  if let truth = found("ILSVRC2012_validation_ground_truth.txt") {
    guard let order = found("map_clsloc.txt", "synsets.txt") else {
      throw EvaluateError.unreadable(
        file: truth,
        reason:
          "its numbers are places in the devkit's order: put map_clsloc.txt (id, number and name in each line) beside it"
      )
    }
    return try devkit(truth, order: order, pictures)
  }
  let truths = pictures.sorted.compactMap { stem, file -> Truth? in
    let parent = ((file as NSString).deletingLastPathComponent as NSString).lastPathComponent
    return isSynset(parent) ? Truth(id: stem, file: file, synset: parent) : nil
  }
  guard !truths.isEmpty else {
    throw EvaluateError.unreadable(
      file: folder,
      reason: "it has neither folders of classes (n01440764), nor LOC_val_solution.csv, nor "
        + "ILSVRC2012_validation_ground_truth.txt")
  }
  return truths
}

private func kaggle(_ solution: String, _ pictures: PictureIndex, _ folder: String) throws -> [Truth] {
  var table = try CSV(solution), truths: [Truth] = []
  let (id, answer) = (try table.column("ImageId"), try table.column("PredictionString"))
  while let row = try table.next() {
    guard row.count > max(id, answer), let synset = row[answer].split(separator: " ").first, isSynset(synset) else {
      throw EvaluateError.badLine(table.line, file: solution, reason: "it names no class")
    }
    guard let file = pictures[row[id]] else {
      throw EvaluateError.unreadable(file: row[id], reason: "there is no picture of this name in \(folder)")
    }
    truths.append(Truth(id: row[id], file: file, synset: String(synset)))
  }
  return truths.sorted { $0.id < $1.id }
}

private func devkit(_ truth: String, order: String, _ pictures: PictureIndex) throws -> [Truth] {
  func lines(_ file: String) throws -> [Substring] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw EvaluateError.unreadable(file: file, reason: "it is missing or no text")
    }
    return text.split(whereSeparator: \.isNewline)
  }
  var synsets: [Int: String] = [:]
  for (number, line) in try lines(order).enumerated() {
    let words = line.split(separator: " ")
    guard let id = words.first, isSynset(id) else {
      throw EvaluateError.badLine(number + 1, file: order, reason: "it does not begin with an id such as n01440764")
    }
    // `map_clsloc.txt` states the number; a bare list is in order.
    synsets[words.count > 1 ? Int(words[1]) ?? number + 1 : number + 1] = String(id)
  }
  return try lines(truth).enumerated().compactMap { index, line in
    guard let number = Int(line.trimmingCharacters(in: .whitespaces)), let synset = synsets[number] else {
      throw EvaluateError.badLine(index + 1, file: truth, reason: "'\(line)' is not the number of a class in \(order)")
    }
    let digits = String(index + 1)
    let stem = "ILSVRC2012_val_" + String(repeating: "0", count: 8 - digits.count) + digits
    return pictures[stem].map { Truth(id: stem, file: $0, synset: synset) }
  }
}

/// `n01440764`.
func isSynset(_ text: some StringProtocol) -> Bool {
  text.count == 9 && text.first == "n" && text.dropFirst().allSatisfy(\.isNumber)
}
