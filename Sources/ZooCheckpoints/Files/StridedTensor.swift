import ZooTensors

extension StoredTensor {
  /// A tensor whose elements are laid out by `layout` in the bytes that `whole` returns.
  ///
  /// If it must be gathered, it can be read in rows, which avoids a copy of the whole.
  init(
    _ entry: CheckpointEntry, layout: StridedLayout, isBigEndian: Bool = false,
    in whole: @escaping @Sendable () throws(CheckpointError) -> ByteView
  ) {
    self.init(entry: entry) { () throws(CheckpointError) in
      rowMajor(try whole(), entry.dtype, layout, isBigEndian: isBigEndian)
    }
    guard isBigEndian || !layout.isRowMajor, let count = layout.shape.first, count > 0, entry.byteCount > 0 else {
      return
    }
    let rowSize = entry.byteCount / count
    readPart = { (range: Range<Int>) throws(CheckpointError) in
      let rows = range.lowerBound / rowSize..<(range.upperBound + rowSize - 1) / rowSize
      let part = rowMajor(try whole(), entry.dtype, layout.rows(rows), isBigEndian: isBigEndian)
      return part[range.lowerBound - rows.lowerBound * rowSize..<range.upperBound - rows.lowerBound * rowSize]
    }
  }

  /// A tensor that is the content of an archive member from `start` on, or is laid out in it by `layout`.
  ///
  /// A compressed tensor that is contiguous there is inflated piece by piece; others are inflated as a whole, which is kept for the next read.
  ///
  /// - Parameter isShared: True if other tensors are in the same member.
  init(
    _ entry: CheckpointEntry, layout: StridedLayout, isBigEndian: Bool = false, in source: ZipMemberBytes,
    at start: Int, isShared: Bool = false
  ) {
    let member = source.member
    let isAlone =
      !isShared && !isBigEndian && layout.isRowMajor && layout.offset == 0 && start + entry.byteCount == member.size
    self.init(entry, layout: layout, isBigEndian: isBigEndian) { () throws(CheckpointError) in
      try source.whole(keeping: !isAlone)[start..<member.size]
    }
    guard member.isDeflated, readPart == nil else { return }
    if isAlone {
      let ranges = ZipMemberRanges(source)
      readPart = { (range: Range<Int>) throws(CheckpointError) in
        try ranges.read(start + range.lowerBound..<start + range.upperBound)
      }
    } else {
      let read = self.read
      readPart = { (range: Range<Int>) throws(CheckpointError) in try read()[range] }
    }
  }
}

extension StridedLayout {
  /// Some rows, which are indices of the first axis.
  fileprivate func rows(_ range: Range<Int>) -> StridedLayout {
    var part = self
    part.offset += range.lowerBound * strides[0]
    part.shape[0] = range.count
    return part
  }
}
