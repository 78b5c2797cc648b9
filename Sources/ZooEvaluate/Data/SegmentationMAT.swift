import Foundation
import ZooImages

/// ImageNet-Segmentation as published by its authors (Guillaumin, Küttel and Ferrari 2014): `gtsegs_ijcv.mat`, MATLAB v7.3.
///
/// `value/img`, `value/gt`, `value/target` and `value/id` contain references: to pictures, to cells whose first entry is the mask, to WordNet ids,
/// and to names. MATLAB stores arrays column by column, so the file's rows are a picture's columns.
final class SegmentationMAT: Sendable {
  let path: String
  let count: Int
  private let file: HDF5File
  private let pictures: [UInt64]
  private let masks: [UInt64]
  private let targets: [UInt64]
  private let names: [UInt64]?

  init(_ path: String) throws {
    self.path = path
    let file = try HDF5File(path)
    func references(_ name: String) throws -> [UInt64] {
      guard let references = try file.array("value/\(name)").references else {
        throw EvaluateError.unreadable(file: "\(path), value/\(name)", reason: "it does not hold references")
      }
      return references
    }
    (pictures, masks, targets) = (try references("img"), try references("gt"), try references("target"))
    names = try? references("id")
    guard pictures.count == masks.count, pictures.count == targets.count else {
      throw EvaluateError.unreadable(file: path, reason: "img, gt and target are not of one length")
    }
    (self.file, count) = (file, pictures.count)
  }

  /// The WordNet id of a picture's class.
  func synset(_ index: Int) throws -> String {
    guard let text = try file.array(targets[index], name: name("target", index)).text else {
      throw EvaluateError.unreadable(file: "\(path), \(name("target", index))", reason: "it is not text")
    }
    return text
  }

  /// A picture's own name, or its index if it has none.
  func id(_ index: Int) -> String {
    let known = names.flatMap { names in
      names.indices.contains(index) ? try? file.array(names[index], name: name("id", index)).text : nil
    }
    return known ?? "\(index)"
  }

  /// Grey pictures become grey images.
  func picture(_ index: Int) throws -> Picture {
    let name = name("img", index), array = try file.array(pictures[index], name: name), shape = array.shape
    guard let bytes = array.bytes, shape.count == 2 || shape.count == 3 && shape[0] == 3, !bytes.isEmpty else {
      throw EvaluateError.unreadable(file: "\(path), \(name)", reason: "it is not a picture of 8-bit values")
    }
    let (width, height) = (shape[shape.count - 2], shape[shape.count - 1]), channels = shape.count == 3 ? 3 : 1
    return Picture(
      width: width, height: height, mode: channels == 3 ? .rgb : .l,
      pixels: Self.rows(of: bytes, width: width, height: height, channels: channels))
  }

  /// 0 for the background, 1 for the object.
  func mask(_ index: Int) throws -> Picture {
    let name = name("gt", index)
    guard let cell = try file.array(masks[index], name: name).references, let first = cell.first else {
      throw EvaluateError.unreadable(file: "\(path), \(name)", reason: "it is not a cell with a mask")
    }
    let array = try file.array(first, name: name)
    guard let bytes = array.bytes, array.shape.count == 2, !bytes.isEmpty else {
      throw EvaluateError.unreadable(file: "\(path), \(name)", reason: "it is not a mask of 8-bit values")
    }
    let (width, height) = (array.shape[0], array.shape[1])
    return Picture(
      width: width, height: height, mode: .l,
      pixels: Self.rows(of: bytes, width: width, height: height, channels: 1))
  }

  private func name(_ field: String, _ index: Int) -> String { "value/\(field)[\(index)]" }

  /// `[channels, width, height]` to `[height, width, channels]`.
  private static func rows(of bytes: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
    var rows = [UInt8](repeating: 0, count: bytes.count)
    for channel in 0..<channels {
      for column in 0..<width {
        for row in 0..<height {
          rows[(row * width + column) * channels + channel] = bytes[(channel * width + column) * height + row]
        }
      }
    }
    return rows
  }
}

extension MaskedPictures {
  /// `gtsegs_ijcv.mat`: classes are identified by their WordNet ids.
  ///
  /// - Parameter problem: Called for what is left out, with the reason.
  public init(mat path: String, problem: (_ item: String, _ reason: String) throws -> Void) throws {
    let file = try SegmentationMAT(path), names = try ClassNames.builtIn()
    var found: [(index: Int, name: String)] = []
    for index in 0..<file.count {
      do {
        let synset = try file.synset(index)
        if let name = names[synset] {
          found.append((index, name))
        } else {
          try problem(file.id(index), "'\(synset)' has no name, and is not an id of ImageNet")
        }
      } catch let error as EvaluateError {
        guard case .unreadable(_, let reason) = error else { throw error }
        try problem(file.id(index), reason)
      }
    }
    let classes = Swift.Array(Set(found.map(\.name))).sorted()
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    self.init(
      classes: classes,
      pictures: found.map { index, name in
        Entry(
          id: file.id(index), source: .mat(file, index),
          things: [Thing(label: places[name] ?? 0, pixels: .all)])
      })
  }
}
