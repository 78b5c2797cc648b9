import ZooCheckpoints
import ZooTensors

/// The headers of a checkpoint: names, element types and shapes, without any data except the few numbers of position ids.
package struct Headers: Sendable {
  package struct Entry: Sendable, Hashable {
    package let name: String
    package let dtype: DType
    package let shape: [Int]
    /// Whether the values are known to be 0, 1, 2 and so on, as in position ids.
    package let isCounting: Bool

    package init(name: String, dtype: DType, shape: [Int], isCounting: Bool = false) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
      self.isCounting = isCounting
    }
  }

  /// In the order of the file.
  package let entries: [Entry]
  private let byName: [String: Int]

  package init(_ entries: [Entry]) {
    self.entries = entries
    byName = Dictionary(entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package init(_ checkpoint: Checkpoint) {
    self.init(
      checkpoint.entries.map { entry in
        Entry(
          name: entry.name, dtype: entry.dtype, shape: entry.shape,
          isCounting: DropRule.positionIDs.covers(entry.name) && checkpoint.isCounting(entry))
      })
  }

  package var isEmpty: Bool { entries.isEmpty }

  package subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

  package func contains(_ name: String) -> Bool { byName[name] != nil }

  /// The shape of a tensor if it exists and has this many axes.
  func shape(_ name: String, rank: Int) -> [Int]? {
    guard let shape = self[name]?.shape, shape.count == rank else { return nil }
    return shape
  }

  /// The number of layers `prefix0suffix`, `prefix1suffix`, ....
  func layers(_ prefix: String, _ suffix: String) -> Int {
    var count = 0
    while contains("\(prefix)\(count)\(suffix)") { count += 1 }
    return count
  }
}

extension Checkpoint {
  /// Whether the values of a small tensor are 0, 1, 2 and so on, as exactly as its element type allows.
  fileprivate func isCounting(_ entry: CheckpointEntry) -> Bool {
    guard entry.byteCount <= 1 << 20, let tensor = try? tensor(entry.name) else { return false }
    if let values = tensor.floats() {
      // 16-bit floats round large numbers.
      let precision: Float = entry.dtype == .bf16 ? 0x1p-8 : entry.dtype == .f16 ? 0x1p-11 : 0
      return values.indices.allSatisfy { abs(values[$0] - Float($0)) <= Float($0) * precision }
    }
    let size = entry.dtype.bits / 8
    guard entry.dtype.isInteger, size > 0 else { return false }
    return tensor.data.bytes.indices.allSatisfy { at in
      let (index, byte) = at.quotientAndRemainder(dividingBy: size)
      return tensor.data.bytes[at] == UInt8(truncatingIfNeeded: index >> (8 * byte))
    }
  }
}
