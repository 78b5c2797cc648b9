/// Pictures with a class each.
public struct ClassifiedPictures: Sendable {
  public let classes: [String]
  /// In a stable order.
  public let pictures: [Entry]

  public struct Entry: Sendable, Hashable {
    public let id: String
    public let file: String
    /// The place of its class in `classes`.
    public let label: Int
  }

  /// The classes are ImageNet's 1000, in the order of their ids.
  public let areImageNets: Bool

  public init(classes: [String], pictures: [Entry], areImageNets: Bool = false) {
    (self.classes, self.pictures, self.areImageNets) = (classes, pictures, areImageNets)
  }
}
