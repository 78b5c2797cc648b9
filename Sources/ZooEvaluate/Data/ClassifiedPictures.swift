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

  public init(classes: [String], pictures: [Entry]) { (self.classes, self.pictures) = (classes, pictures) }
}
