import Foundation
import ZooText

extension ClassifiedPictures {
  /// ImageNet's validation pictures in their usual forms, recognised by the content of the folder:
  ///
  /// * a folder for each class, `val/n01440764/ILSVRC2012_val_00000293.JPEG`: the index of a class is that of its id in sorted order;
  /// * pictures in one folder with Kaggle's `LOC_val_solution.csv`;
  /// * pictures in one folder with the devkit's `ILSVRC2012_validation_ground_truth.txt`, whose numbers refer to the devkit's own order:
  ///   that of `map_clsloc.txt` or `synsets.txt` beside it, or else the published one;
  /// * pictures in one folder with TensorFlow's `imagenet_2012_validation_synset_labels.txt`, with an id for each.
  ///
  /// - Parameters:
  ///   - names: Class names by id; see `ClassNames`.
  ///   - problem: Called for what is left out, with the reason.
  public init(
    imageNet folder: String, names: ClassNames, problem: (_ item: String, _ reason: String) throws -> Void
  ) throws {
    let pictures = PictureIndex(folder)
    let truths = try imageNetTruths(in: folder, pictures)
    let ids = Array(Set(truths.map(\.synset))).sorted()
    for id in ids where names[id] == nil { try problem(id, "it has no name in \(names.source)") }
    // The zero-shot head includes all classes with names, even those without pictures here.
    let classes = Array(Set(names.ids + ids.filter { names[$0] != nil })).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    var entries: [Entry] = []
    for truth in truths {
      guard let file = pictures[truth.id] else {
        try problem(truth.id, "there is no picture of this name in \(folder)")
        continue
      }
      if let place = places[truth.synset] { entries.append(Entry(id: truth.id, file: file, label: place)) }
    }
    self.init(
      classes: classes.compactMap { names[$0] }, pictures: entries,
      areImageNets: classes == (try ClassNames.builtIn().ids))
  }
}

private struct Truth {
  /// The picture's name without its extension.
  let id: String
  let synset: String
}

private func imageNetTruths(in folder: String, _ pictures: PictureIndex) throws -> [Truth] {
  func found(_ names: String...) -> String? {
    let places = names.flatMap { name in
      ["", "data/", "ILSVRC2012_devkit_t12/data/"].map { folder.appendingPathComponent($0 + name) }
    }
    return places.first(where: FileManager.default.fileExists)
  }
  if let solution = found("LOC_val_solution.csv") { return try kaggle(solution) }
  if let truth = found("ILSVRC2012_validation_ground_truth.txt") {
    return try devkit(truth, order: found("map_clsloc.txt", "synsets.txt"))
  }
  if let list = found("imagenet_2012_validation_synset_labels.txt") {
    return try lines(of: list).enumerated().map { index, line in
      guard isSynset(line) else {
        throw EvaluateError.badLine(index + 1, file: list, reason: "'\(line)' is not an id such as n01440764")
      }
      return Truth(id: validationName(index), synset: String(line))
    }
  }
  let truths = pictures.sorted.compactMap { stem, file -> Truth? in
    let parent = file.deletingLastPathComponent.lastPathComponent
    return isSynset(parent) ? Truth(id: stem, synset: parent) : nil
  }
  guard !truths.isEmpty else {
    throw EvaluateError.unreadable(
      file: folder,
      reason: "it has neither folders of classes (n01440764), nor LOC_val_solution.csv, nor "
        + "ILSVRC2012_validation_ground_truth.txt, nor imagenet_2012_validation_synset_labels.txt")
  }
  return truths
}

private func kaggle(_ solution: String) throws -> [Truth] {
  var table = try CSV(solution), truths: [Truth] = []
  let (id, answer) = (try table.column("ImageId"), try table.column("PredictionString"))
  while let row = try table.next() {
    guard row.count > max(id, answer), let synset = row[answer].split(separator: " ").first, isSynset(synset) else {
      throw EvaluateError.badLine(table.line, file: solution, reason: "it names no class")
    }
    truths.append(Truth(id: row[id], synset: String(synset)))
  }
  return truths.sorted { $0.id < $1.id }
}

/// - Parameter order: The file that says which class a number means; nil for the published order.
private func devkit(_ truth: String, order: String?) throws -> [Truth] {
  var synsets: [Int: String] = [:]
  if let order {
    for (number, line) in try lines(of: order).enumerated() {
      let words = line.split(separator: " ")
      guard let id = words.first, isSynset(id) else {
        throw EvaluateError.badLine(number + 1, file: order, reason: "it does not begin with an id such as n01440764")
      }
      // `map_clsloc.txt` contains the number; a plain list is in order.
      synsets[words.count > 1 ? Int(words[1]) ?? number + 1 : number + 1] = String(id)
    }
  } else {
    for row in try imageNetNames() { if let number = row.devkitNumber { synsets[number] = row.id } }
  }
  return try lines(of: truth).enumerated().map { index, line in
    guard let number = Int(line.trimmed), let synset = synsets[number] else {
      throw EvaluateError.badLine(
        index + 1, file: truth, reason: "'\(line)' is not the number of a class in \(order ?? "the devkit's order")")
    }
    return Truth(id: validationName(index), synset: synset)
  }
}

private func lines(of file: String) throws -> [Substring] {
  guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
    throw EvaluateError.unreadable(file: file, reason: "it is missing or no text")
  }
  return text.split(whereSeparator: \.isNewline)
}

/// `ILSVRC2012_val_00000001` for 0.
private func validationName(_ index: Int) -> String {
  let digits = String(index + 1)
  return "ILSVRC2012_val_" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}

/// `n01440764`.
func isSynset(_ text: some StringProtocol) -> Bool {
  text.count == 9 && text.first == "n" && text.dropFirst().allSatisfy(\.isNumber)
}
