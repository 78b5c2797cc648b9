/// Limits that no model exceeds, whether stated by a manifest, a configuration, `model.json` or an option. Far above everything published, and low
/// enough that no product of two or three of them overflows or fills the memory.
package enum Limits {
  /// Of towers, poolers and stems. The widest published tower has 6,144.
  package static let width = 1...65_536
  package static let mlpWidth = 1...1_048_576
  package static let layers = 1...1024
  /// Of the joint embedding, or the number of classes of a classifier.
  package static let embedding = 1...1_000_000
  package static let patch = 1...1024
  /// Height or width of a tower's input picture in pixels.
  package static let side = 1...8192
  /// Of a picture, and of a position table.
  package static let patches = 1...65_536
  package static let registers = 0...1024
  package static let queries = 1...65_536
  package static let contextLength = 1...65_536
  package static let vocabulary = 1...16_777_216
  /// Token ids are 32-bit numbers.
  package static let token = 0...Int(Int32.max)
  /// Number of tensors of unknown parts.
  package static let foreignTensors = 0...100_000
  /// Elements of one such tensor.
  package static let foreignElements = 1 << 40
  /// Elements of a table that is computed in memory.
  package static let computed = 1 << 28
  package static let threads = 1...1024

  /// Bytes of a manifest, a configuration or a `model.json`. The longest real ones, with 22,000 classes, have 3 MB.
  package static let descriptionBytes = 8 << 20
  /// Bytes of a tokenizer file. The longest real ones have 40 MB.
  package static let tokenizerBytes = 64 << 20
  /// Values in a tokenizer's JSON, each of which takes up to about 60 bytes of memory. Real ones have two million.
  package static let tokenizerValues = 4_000_000
}
