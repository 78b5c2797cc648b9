/// Pictures with one class each.
public struct ClassifiedPictures: Sendable {
  /// Names of the classes, by index.
  public let classes: [String]
  /// In a stable order.
  package let pictures: [Entry]

  package struct Entry: Sendable, Hashable {
    package let id: String
    package let file: String
    /// The index of its class in `classes`.
    package let label: Int
  }

  /// Whether the classes are ImageNet's 1000, in the order of their ids.
  package let areImageNets: Bool

  package init(classes: [String], pictures: [Entry], areImageNets: Bool = false) {
    (self.classes, self.pictures, self.areImageNets) = (classes, pictures, areImageNets)
  }
}
