import ZooTensors

extension CheckpointContent {
  /// Presents 8-bit floats as the numbers they represent: multiplied by the scale stored beside them, as `F32`; without a scale, as `F16`, which
  /// represents all of them exactly.
  mutating func widenFloat8() throws(CheckpointError) {
    guard tensors.contains(where: { Float8Format($0.entry.dtype) != nil }) else { return }
    let positions = Dictionary(
      tensors.enumerated().map { (ExactName($1.entry.name), $0) }, uniquingKeysWith: { first, _ in first })
    var leftOut: Set<Int> = []
    var widened: [Int: StoredTensor] = [:]
    for (position, tensor) in tensors.enumerated() {
      let name = tensor.entry.name
      if Float8Scales.isForProducts(name) {
        leftOut.insert(position)
        continue
      }
      guard let format = Float8Format(tensor.entry.dtype) else { continue }
      let found = Float8Scales.names(for: name).compactMap { positions[ExactName($0)] }
      guard found.count <= 1 else {
        throw CheckpointError(
          tensor.entry.file, .float8Scale, tensor: name, offset: tensor.entry.fileOffset, expected: "one scale",
          found: listed(found.map { tensors[$0].entry.name }))
      }
      var scales: Float8Scales?
      if let scale = found.first {
        scales = try Float8Scales(tensors[scale], for: tensor.entry)
        leftOut.insert(scale)
      }
      widened[position] = tensor.widened(format.values, scales)
    }
    let types = Set(widened.keys.map { tensors[$0].entry.dtype.rawValue }).sorted().joined(separator: " and ")
    let scaled = widened.values.count { $0.entry.dtype == .f32 }
    notes.append(
      "\(widened.count) tensors are 8-bit floats (\(types)): they are read as their values"
        + (scaled == 0
          ? "." : scaled == widened.count ? " times their scales." : ", \(scaled) of them times their scales.")
    )
    tensors = tensors.indices.filter { !leftOut.contains($0) }.map { widened[$0] ?? tensors[$0] }
  }
}

extension StoredTensor {
  /// - Parameter values: The value of every byte.
  func widened(_ values: [Float], _ scales: Float8Scales?) -> StoredTensor {
    let source = self
    let dtype: DType = scales == nil ? .f16 : .f32
    let size = dtype.bits / 8
    let readPart: @Sendable (Range<Int>) throws(CheckpointError) -> ByteView = { range throws(CheckpointError) in
      let elements = range.lowerBound / size..<range.upperBound / size
      let bytes: ByteView
      if let readPart = source.readPart { bytes = try readPart(elements) } else { bytes = try source.read()[elements] }
      let block = MemoryBlock(byteCount: range.count)
      if let scales {
        let factors = try scales.values()
        for (position, byte) in bytes.bytes.enumerated() {
          let value = values[Int(byte)] * factors[scales.index(of: elements.lowerBound + position)]
          block.bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: position * size, as: UInt32.self)
        }
      } else {
        let halves = values.map(halfBits)
        for (position, byte) in bytes.bytes.enumerated() {
          block.bytes.storeBytes(of: halves[Int(byte)].littleEndian, toByteOffset: position * size, as: UInt16.self)
        }
      }
      return ByteView(UnsafeRawBufferPointer(rebasing: block.bytes[..<range.count]), owner: block)
    }
    let byteCount = entry.byteCount * size
    return StoredTensor(
      entry: CheckpointEntry(
        name: entry.name, dtype: dtype, shape: entry.shape, byteCount: byteCount, file: entry.file, fileOffset: nil),
      read: { () throws(CheckpointError) in try readPart(0..<byteCount) }, readPart: readPart)
  }
}
