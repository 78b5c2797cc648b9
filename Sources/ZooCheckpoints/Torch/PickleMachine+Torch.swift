import ZooTensors

/// The meaning of calls and persistent references in PyTorch's pickles.
extension PickleMachine {
  /// A call; only the few that describe tensors have a meaning.
  mutating func reduce(_ call: [PickleValue]) throws(CheckpointError) -> PickleValue {
    guard case .tuple(let index) = call[1] else { throw wrongType(call[1]) }
    let arguments = heap.items(ofTuple: index)
    switch call[0] {
    case .global(let index):
      let global = heap.globals[index]
      switch global.meaning {
      case .rebuildTensor(let counts, let hasDType):
        guard counts.contains(arguments.count) else {
          throw error(.torchRebuild, expected: "\(counts.lowerBound) arguments", found: "\(arguments.count)")
        }
        return try rebuildTensor(arguments, hasDType: hasDType)
      case .rebuildParameter:
        switch arguments.first {
        case .tensor?, .opaque?: return arguments[0]
        default: throw error(.torchRebuild, expected: "a tensor")
        }
      case .orderedDict where arguments.isEmpty: return heap.dict()
      case .size:
        guard arguments.count == 1, case .tuple = arguments[0] else { throw error(.torchRebuild) }
        return arguments[0]
      default: return .opaque(.result(index))
      }
    case .opaque: return .opaque(.resultOfCall)
    case let other: throw wrongType(other)
    }
  }

  /// `(storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata])`
  private mutating func rebuildTensor(
    _ arguments: [PickleValue], hasDType: Bool
  ) throws(CheckpointError) -> PickleValue {
    let storage: Int
    switch arguments[0] {
    case .storage(let index): storage = index
    case .opaque: return .opaque(.tensorWithUnknownStorage)
    case let other: throw error(.torchRebuild, expected: "a storage", found: heap.description(of: other))
    }
    guard case .int(let offset) = arguments[1], let shape = integers(arguments[2]),
      let strides = integers(arguments[3])
    else { throw error(.torchRebuild, expected: "offset, size and stride as whole numbers") }
    var dtype = heap.storages[storage].dtype
    if hasDType {
      guard case .global(let index) = arguments[6], case .dtype(let named) = heap.globals[index].meaning else {
        return .opaque(.tensorOfUnknownType)
      }
      dtype = named
    }
    // Flags such as "conjugate", which would change the numbers.
    let metadata = hasDType ? 7 : 6
    if arguments.count > metadata {
      switch arguments[metadata] {
      case .none: break
      case .dict(let index) where heap.dicts[index].isEmpty: break
      default: return .opaque(.tensorWithFlags)
      }
    }
    guard heap.tensors.count < Checkpoint.tensorLimit else { throw error(.torchTooManyTensors) }
    let layout = StridedLayout(shape: shape, strides: strides, offset: offset)
    return heap.tensor(TorchView(storage: storage, dtype: dtype, layout: layout))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    let items: [PickleValue]
    switch value {
    case .tuple(let index): items = heap.items(ofTuple: index)
    case .list(let index): items = heap.lists[index]
    default: return nil
    }
    guard items.count <= CheckpointEntry.dimensionLimit else { return nil }
    var numbers: [Int] = []
    for item in items {
      guard case .int(let number) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// `('storage', type, key, location, size[, view])`: a storage elsewhere in the file.
  mutating func persistent(_ reference: PickleValue) throws(CheckpointError) -> PickleValue {
    guard case .tuple(let index) = reference, case let fields = heap.items(ofTuple: index),
      let kind = fields.first.flatMap(heap.text)
    else {
      throw error(.torchStorageReference, found: heap.description(of: reference))
    }
    guard kind == "storage" else { return .opaque(.persistent) }
    guard 5...6 ~= fields.count, case .global(let type) = fields[1], let key = heap.text(fields[2]),
      case .int(let count) = fields[4], count >= 0
    else { throw error(.torchStorageReference) }
    if fields.count == 6 {
      guard case .none = fields[5] else { throw error(.torchStorageReference, found: "a view of a storage") }
    }
    let dtype: DType
    switch heap.globals[type].meaning {
    case .storage(let named): dtype = named
    case .untypedStorage: dtype = .u8
    default: return .opaque(.storage(type))
    }
    guard let byteCount = dtype.byteCount(of: count) else { throw error(.sizeOverflow, found: "\(count)") }
    let storage = TorchStorage(
      key: key, dtype: dtype, count: count, byteCount: byteCount,
      isUntyped: heap.globals[type].meaning == .untypedStorage)
    if let known = heap.storagePositions[ExactName(key)] {
      let first = heap.storages[known]
      guard first.dtype == dtype, first.count == count, first.isUntyped == storage.isUntyped else {
        throw error(
          .torchStorageConflict, expected: "\(first.count) of \(first.dtype.rawValue)",
          found: "\(count) of \(dtype.rawValue) for storage '\(key)'")
      }
      return .storage(known)
    }
    return heap.storage(storage)
  }
}
