import ZooCheckpoints
import ZooTensors

/// What a checkpoint's headers say: names, element types and shapes, without any data.
public struct Headers: Sendable {
  public struct Entry: Sendable, Hashable {
    public let name: String
    public let dtype: DType
    public let shape: [Int]

    public init(name: String, dtype: DType, shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// In the order of the file.
  public let entries: [Entry]
  private let byName: [String: Int]

  public init(_ entries: [Entry]) {
    self.entries = entries
    byName = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public init(_ checkpoint: Checkpoint) {
    self.init(checkpoint.entries.map { Entry(name: $0.name, dtype: $0.dtype, shape: $0.shape) })
  }

  public var isEmpty: Bool { entries.isEmpty }

  public subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

  public func contains(_ name: String) -> Bool { byName[name] != nil }

  /// The shape of a tensor if it is there and has this many axes.
  func shape(_ name: String, rank: Int) -> [Int]? {
    guard let shape = self[name]?.shape, shape.count == rank else { return nil }
    return shape
  }

  /// How many of `prefix0suffix`, `prefix1suffix`, ... are there.
  func layers(_ prefix: String, _ suffix: String) -> Int {
    var count = 0
    while contains("\(prefix)\(count)\(suffix)") { count += 1 }
    return count
  }
}
