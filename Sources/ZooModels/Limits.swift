/// What no model exceeds, whether a manifest, a configuration, `model.json` or an option says so. Far above all that is
/// published, and so low that no product of two or three of them overflows or fills the memory.
package enum Limits {
  /// Of towers, poolers and stems. The widest published tower has 6,144.
  package static let width = 1...65_536
  package static let mlpWidth = 1...1_048_576
  package static let layers = 1...1024
  /// Of the joint embedding, or the classes of a classifier.
  package static let embedding = 1...1_000_000
  package static let patch = 1...1024
  /// Height or width of a picture that a tower sees, in pixels.
  package static let side = 1...8192
  /// Of a picture, and of a position table.
  package static let patches = 1...65_536
  package static let registers = 0...1024
  package static let queries = 1...65_536
  package static let contextLength = 1...65_536
  package static let vocabulary = 1...16_777_216
  /// Token ids are 32-bit numbers.
  package static let token = 0...Int(Int32.max)
  /// Tensors of parts that are not known.
  package static let foreignTensors = 0...100_000
  /// Elements of one of them.
  package static let foreignElements = 1 << 40
  /// Numbers of a table that is made from others in memory.
  package static let computed = 1 << 28
  package static let threads = 1...1024

  /// Bytes of a manifest, a configuration or a `model.json`. The longest real ones, with 22,000 classes, have 3 MB.
  package static let descriptionBytes = 8 << 20
  /// Bytes of a tokenizer's file. The longest real ones have 40 MB.
  package static let tokenizerBytes = 64 << 20
  /// Values of a tokenizer's JSON, each of which takes up to some 60 bytes of memory. Real ones have two million.
  package static let tokenizerValues = 4_000_000
}
