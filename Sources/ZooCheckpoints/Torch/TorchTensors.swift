import ZooTensors

extension TorchView {
  /// The size limit, in bytes, of a tensor that repeats the elements of a smaller storage.
  private static let repeatLimit = 1 << 27

  /// Checks the view against its storage: no element may be out of bounds, nothing may overflow.
  func entry(
    _ name: String, storage: TorchStorage, storageOffset: Int?, file: String
  ) throws(CheckpointError) -> CheckpointEntry {
    func error(_ rule: CheckpointError.Rule, found: String) -> CheckpointError {
      CheckpointError(
        file, rule, tensor: name, offset: storageOffset, expected: "at most \(storage.byteCount) bytes of storage",
        found: found)
    }
    let shown = "size \(layout.shape), stride \(layout.strides), offset \(layout.offset)"
    guard layout.shape.count == layout.strides.count, (layout.shape + layout.strides).allSatisfy({ $0 >= 0 }),
      layout.offset >= 0
    else { throw CheckpointError(file, .torchRebuild, tensor: name, offset: storageOffset, found: shown) }
    let byteCount = try CheckpointEntry.byteCount(dtype, layout.shape, file: file, tensor: name, offset: storageOffset)
    let capacity = storage.byteCount / (dtype.bits / 8)
    guard let end = layout.end, end <= capacity else { throw error(.torchViewBounds, found: shown) }
    guard byteCount <= storage.byteCount || byteCount <= Self.repeatLimit else {
      throw error(.torchViewSize, found: "\(byteCount) bytes")
    }
    return CheckpointEntry(
      name: name, dtype: dtype, shape: layout.shape, byteCount: byteCount, file: file,
      fileOffset: storageOffset.map { $0 + layout.offset * (dtype.bits / 8) })
  }
}

extension StridedLayout {
  /// The index after the last element that the layout reaches, or nil if it overflows. Sizes and strides are not negative.
  fileprivate var end: Int? {
    if shape.contains(0) { return offset }
    var last = offset
    for (side, stride) in zip(shape, strides) {
      let (reach, overflow) = (side - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = last.addingReportingOverflow(reach)
      guard !overflow, !sumOverflow else { return nil }
      last = sum
    }
    return last == Int.max ? nil : last + 1
  }
}
