import Foundation
import Testing
import ZooTestSupport

@testable import ZooEvaluate

/// Data sets in their usual forms (`Tools/evaluation/make_sets.py`).
@Suite struct DataTests {
  private static let folder = Golden.cases.appending(path: "evaluation").path

  @Test(arguments: ["folders", "kaggle", "devkit"])
  func imageNetsClassesAreTheSameInEachForm(_ form: String) throws {
    let root = "\(Self.folder)/imagenet"
    let names = try ClassNames(file: "\(root)/LOC_synset_mapping.txt")
    var problems: [String] = []
    let data = try ClassifiedPictures(imageNet: "\(root)/\(form)", names: names) { item, _ in problems.append(item) }
    // The devkit's numbers have a different order than the sorted ids.
    #expect(data.pictures.map(\.label) == [1, 2, 3, 0])
    #expect(data.pictures.map(\.id) == (1...4).map { "ILSVRC2012_val_0000000\($0)" })
    #expect(data.classes.count == 4 && problems.isEmpty)
  }

  /// The first four numbers of the published list; the classes are those in Kaggle's table for the same pictures.
  @Test func theDevkitsNumbersAreKnownWithoutItsMap() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try copyPictures(from: "devkit", to: folder)
    try "490\n361\n171\n822\n".write(
      toFile: "\(folder)/ILSVRC2012_validation_ground_truth.txt", atomically: true, encoding: .utf8)
    let data = try ClassifiedPictures(imageNet: folder, names: .builtIn()) { Issue.record("\($0): \($1)") }
    #expect(data.pictures.map(\.label) == [65, 970, 230, 809])
  }

  /// TensorFlow's list for the same pictures: an id for each.
  @Test func aListOfIdsForAllPicturesIsRead() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try copyPictures(from: "devkit", to: folder)
    try "n01751748\nn09193705\nn02105855\nn04263257\n".write(
      toFile: "\(folder)/imagenet_2012_validation_synset_labels.txt", atomically: true, encoding: .utf8)
    let data = try ClassifiedPictures(imageNet: folder, names: .builtIn()) { Issue.record("\($0): \($1)") }
    #expect(data.pictures.map(\.label) == [65, 970, 230, 809])
  }

  @Test(arguments: ["kaggle", "devkit"])
  func aMissingPictureIsNamedAndTheOthersAreKept(_ form: String) throws {
    let folder = try scratch(), root = "\(Self.folder)/imagenet"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(form)") {
      try FileManager.default.copyItem(atPath: "\(root)/\(form)/\(name)", toPath: "\(folder)/\(name)")
    }
    try FileManager.default.removeItem(atPath: "\(folder)/ILSVRC2012_val_00000002.JPEG")
    var problems: [String: String] = [:]
    let names = try ClassNames(file: "\(root)/LOC_synset_mapping.txt")
    let data = try ClassifiedPictures(imageNet: folder, names: names) { problems[$0] = $1 }
    #expect(data.pictures.map(\.label) == [1, 3, 0])
    #expect(problems == ["ILSVRC2012_val_00000002": "there is no picture of this name in \(folder)"])
  }

  private func copyPictures(from form: String, to folder: String) throws {
    let source = "\(Self.folder)/imagenet/\(form)"
    for name in try FileManager.default.contentsOfDirectory(atPath: source) where name.hasSuffix(".JPEG") {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
    }
  }

  @Test func openImagesPointsAreFoundBelow() throws {
    let root = "\(Self.folder)/points"
    var problems: [String: String] = [:]
    let data = try PointedPictures(
      openImages: "\(root)/points.csv", descriptions: "\(root)/descriptions.csv", pictures: root
    ) { problems[$0] = $1 }
    #expect(problems == ["missing": "there is no picture of this name in \(root)"])
    #expect(data.pictures.map(\.id) == ["000", "001", "002", "004"])
    // Four points on the object and four off it; uncertain points are ignored, and there are no questions for classes without a point on them.
    for question in data.pictures.flatMap(\.questions) {
      #expect(question.points.count == 8 && question.points.count { $0.isThing } == 4)
    }
    #expect(
      data.pictures[0].questions.map { data.classes[$0.label] }.sorted().prefix(3) == ["ambulance", "clover", "crab"])
  }

  @Test func fiftyOnesFolderNeedsNoNamesOfTables() throws {
    let folder = try scratch(), source = "\(Self.folder)/points"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["labels", "metadata"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/validation/\(name)", withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(atPath: "\(source)/validation/data", toPath: "\(folder)/validation/data")
    try FileManager.default.copyItem(atPath: "\(source)/points.csv", toPath: "\(folder)/validation/labels/points.csv")
    func read() throws -> PointedPictures { try PointedPictures(pictures: folder) { _, _ in } }
    let error = #expect(throws: EvaluateError.self) { try read() }
    #expect(error?.description.contains("name the file with --descriptions") == true)
    let names = "\(folder)/validation/metadata/point_classes.csv"
    try FileManager.default.copyItem(atPath: "\(source)/descriptions.csv", toPath: names)
    // Tables with other labels are beside them.
    try "/m/01,Nothing\n".write(toFile: names.replacing("point_", with: ""), atomically: true, encoding: .utf8)
    let known = try PointedPictures(
      openImages: "\(source)/points.csv", descriptions: "\(source)/descriptions.csv", pictures: source
    ) { _, _ in }
    let found = try read()
    #expect(found.classes == known.classes && found.pictures.map(\.id) == known.pictures.map(\.id))
    try FileManager.default.copyItem(atPath: "\(folder)/validation", toPath: "\(folder)/train")
    let several = #expect(throws: EvaluateError.self) { try read() }
    #expect(several?.description.contains("name one with --points") == true)
  }

  @Test func anExportOfImageNetSegmentationHasOneThingEach() throws {
    var problems: [String: String] = [:]
    let data = try MaskedPictures(folder: "\(Self.folder)/export") { problems[$0] = $1 }
    #expect(problems == ["9": "there is no picture of this name"])
    #expect(data.pictures.map(\.id) == ["0", "1", "2", "3"])
    #expect(data.pictures.allSatisfy { $0.things.count == 1 && $0.things[0].pixels == .all && $0.ignored == nil })
  }

  @Test func labelsOfPascalsMasksAreThings() throws {
    var problems: [String: String] = [:]
    let data = try MaskedPictures(folder: "\(Self.folder)/voc") { problems[$0] = $1 }
    let scenes = try SceneFolder(Golden.repository.appending(path: "Examples/eval")).scenes
    for picture in data.pictures {
      let scene = try #require(scenes.first { $0.id == picture.id })
      #expect(picture.things.map { data.classes[$0.label] }.sorted() == scene.objects.map(\.name).sorted())
      #expect(picture.ignored == 255)
    }
    #expect(data.pictures.count == 4 && problems.isEmpty)
    // A label without a name is reported.
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("alien\n".utf8).write(to: URL(filePath: "\(folder)/names.txt"))
    _ = try MaskedPictures(folder: "\(Self.folder)/voc", names: "\(folder)/names.txt") { problems[$0] = $1 }
    #expect(problems.count == 13 && problems.values.allSatisfy { $0.hasPrefix("it has no name") })
  }

  @Test func tablesAreRFC4180() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = "\(folder)/a.csv"
    func read(_ text: String) throws -> [[String]] {
      try Data(text.utf8).write(to: URL(filePath: file))
      var table = try CSV(file), rows = [table.columns]
      while let row = try table.next() { rows.append(row) }
      return rows
    }
    #expect(
      try read("\u{FEFF}a,b\r\n\"x, \"\"y\"\"\n2\",é\r\n\n,\nlast,")
        == [["a", "b"], ["x, \"y\"\n2", "é"], ["", ""], ["last", ""]])
    #expect(throws: EvaluateError.badLine(2, file: file, reason: "a quotation mark is not closed")) {
      try read("a\n\"x")
    }
    #expect(throws: EvaluateError.unreadable(file: file, reason: "it is empty")) { try read("") }
    // The line in which a row begins, even if it spans several or ends with the file.
    try Data("id,name\na,\"b\nc\"\nd,e".utf8).write(to: URL(filePath: file))
    var table = try CSV(file)
    for line in [2, 4] {
      _ = try table.next()
      #expect(table.line == line)
    }
    #expect(throws: EvaluateError.self) { try CSV("/nowhere") }
  }
}

/// An empty folder.
func scratch() throws -> String {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-evaluate-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return folder
}
