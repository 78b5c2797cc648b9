import ZooImages
import ZooModels

/// Pictures with labelled points.
public struct PointedPictures: Sendable {
  /// Names of the classes, by index.
  public let classes: [String]
  /// Pictures with at least one question, in a stable order.
  package let pictures: [Entry]

  package struct Entry: Sendable {
    package let id: String
    package let file: String
    package let questions: [Question]
  }

  /// The points for a class that is in the picture.
  package struct Question: Sendable {
    /// The index of the class in `classes`.
    package let label: Int
    package let points: [LabelledPoint]
  }

  package init(classes: [String], pictures: [Entry]) { (self.classes, self.pictures) = (classes, pictures) }
}

extension PictureFacts {
  /// The position of a point in the model's input, of which patches cover `size`; nil if it was cropped away.
  func place(_ point: LabelledPoint, in size: GridSize) -> LabelledPoint? {
    let x = (point.x * Double(width) - crop.left) / (crop.right - crop.left)
    let y = (point.y * Double(height) - crop.top) / (crop.bottom - crop.top)
    // The far edges belong to the last pixels, as in the whole picture.
    guard (0...1).contains(x), (0...1).contains(y) else { return nil }
    return LabelledPoint(x: x, y: y, isThing: point.isThing)
  }
}
