import Foundation
import ZooImages

extension MaskedPictures {
  /// A folder of pictures, masks and names, recognised by its content:
  ///
  /// * `data.csv` with the columns `index`, `wnid` and `name`, with `images/INDEX.*` and `masks/INDEX.*` (or `segmentation_masks`): an export
  ///   of ImageNet-Segmentation; every pixel of a mask that is not 0 belongs to the class;
  /// * `names.txt` (or `--names`), with one name per line from label 1 on, or `LABEL NAME`: masks of labels as in PASCAL VOC
  ///   (`JPEGImages`, `SegmentationClass`; 255 is ignored), or COCO-style ones in `images` and `masks`. Each label in a mask is one object.
  ///
  /// - Parameters:
  ///   - names: The file of names; nil for `names.txt` in the folder.
  ///   - problem: Called for what is left out, with the reason.
  public init(
    folder: String, names: String? = nil, problem: (_ item: String, _ reason: String) throws -> Void
  ) throws {
    func part(_ names: String...) throws -> PictureIndex {
      guard let name = names.first(where: { FileManager.default.fileExists(atPath: folder.appendingPathComponent($0)) })
      else { throw EvaluateError.unreadable(file: folder, reason: "it has no folder '\(names[0])'") }
      return PictureIndex(folder.appendingPathComponent(name))
    }
    let pictures = try part("images", "JPEGImages"),
      masks = try part("masks", "segmentation_masks", "SegmentationClass")
    let table = folder.appendingPathComponent("data.csv")
    if names == nil, FileManager.default.fileExists(atPath: table) {
      try self.init(export: table, pictures, masks, problem)
    } else {
      try self.init(labels: names ?? folder.appendingPathComponent("names.txt"), pictures, masks, problem)
    }
  }

  private init(
    export file: String, _ pictures: PictureIndex, _ masks: PictureIndex, _ problem: (String, String) throws -> Void
  ) throws {
    var table = try CSV(file), rows: [(id: String, name: String)] = []
    let index = try table.column("index", "id"), wnid = table.optional(["wnid", "synset"])
    // Without a name, the id determines it.
    let name = wnid == nil ? try table.column("name", "class") : table.optional(["name", "class"])
    let known = wnid == nil ? nil : try ClassNames.builtIn()
    while let row = try table.next() {
      guard row.count > max(index, name ?? 0, wnid ?? 0) else {
        throw EvaluateError.badLine(table.line, file: file, reason: "it has \(row.count) fields")
      }
      let own = name.map { row[$0] } ?? "", id = wnid.map { row[$0] } ?? ""
      if let name = own.isEmpty ? known?[id] : own {
        rows.append((row[index], name))
      } else {
        try problem(row[index], id.isEmpty ? "it has no name" : "'\(id)' has no name, and is not an id of ImageNet")
      }
    }
    let classes = Array(Set(rows.map(\.name))).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    var entries: [Entry] = []
    for row in rows {
      guard let picture = pictures[row.id], let mask = masks[row.id] else {
        try problem(row.id, "there is no \(pictures[row.id] == nil ? "picture" : "mask") of this name")
        continue
      }
      entries.append(
        Entry(id: row.id, file: picture, mask: mask, things: [Thing(label: places[row.name] ?? 0, pixels: .all)]))
    }
    self.init(classes: classes, pictures: entries)
  }

  private init(
    labels file: String, _ pictures: PictureIndex, _ masks: PictureIndex, _ problem: (String, String) throws -> Void
  ) throws {
    let names = try Self.labelNames(file)
    let values = names.keys.sorted(), classes = values.compactMap { names[$0] }
    let places = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
    var entries: [Entry] = []
    for (stem, mask) in masks.sorted {
      guard let picture = pictures[stem] else {
        try problem(stem, "there is no picture of this name")
        continue
      }
      let present: Set<Int>
      do {
        present = try LabelPicture.labels(in: mask)
      } catch {
        try problem(stem, "\(error)")
        continue
      }
      for value in present.sorted() where value != 255 && places[value] == nil {
        try problem("label \(value) of \(stem)", "it has no name in \(file)")
      }
      let things = present.sorted().compactMap { value in places[value].map { Thing(label: $0, pixels: .value(value)) }
      }
      if !things.isEmpty { entries.append(Entry(id: stem, file: picture, mask: mask, things: things, ignored: 255)) }
    }
    self.init(classes: classes, pictures: entries)
  }

  private static func labelNames(_ file: String) throws -> [Int: String] {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw EvaluateError.unreadable(file: file, reason: "it is missing or no text: one name a line, or LABEL NAME")
    }
    var names: [Int: String] = [:]
    for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
      let words = line.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" || $0 == ":" })
      let (label, name) = words.count == 2 ? (Int(words[0]), String(words[1])) : (nil, String(line))
      let value = label ?? number + 1
      guard (1...254).contains(value), names[value] == nil else {
        throw EvaluateError.badLine(number + 1, file: file, reason: "labels are 1 to 254, each once")
      }
      names[value] = label == nil ? String(line) : name.trimmed
    }
    return names
  }
}
