import ZooTensors

extension CheckpointContent {
  /// Presents 8-bit integers that have scales beside them, one for each row, as the numbers they represent, as `F32`.
  mutating func widenInt8() throws(CheckpointError) {
    guard tensors.contains(where: { $0.entry.dtype == .i8 }) else { return }
    let positions = Dictionary(
      tensors.enumerated().map { (ExactName($1.entry.name), $0) }, uniquingKeysWith: { first, _ in first })
    var scalesOf: [Int: Int] = [:]
    for (position, tensor) in tensors.enumerated() where tensor.entry.dtype == .i8 {
      scalesOf[position] = positions[ExactName("\(tensor.entry.name)_scale")]
    }
    guard !scalesOf.isEmpty else { return }
    let leftOut = Set(scalesOf.values), values = (0...255).map { Float(Int8(bitPattern: UInt8($0))) }
    var widened: [StoredTensor] = []
    for (position, tensor) in tensors.enumerated() where !leftOut.contains(position) {
      guard let scale = scalesOf[position] else {
        widened.append(tensor)
        continue
      }
      widened.append(tensor.widened(values, try Float8Scales(tensors[scale], for: tensor.entry)))
    }
    tensors = widened
    notes.append("\(scalesOf.count) tensors are 8-bit integers: they are read as their values times their scales.")
  }
}
