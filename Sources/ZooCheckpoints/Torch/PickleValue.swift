import ZooTensors

/// A symbolic value of a pickle: nothing is ever imported, called or constructed.
///
/// Compound values are indices into a `PickleHeap`, so deep nesting, sharing and cycles are cheap and cannot overflow a stack.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case float
  case string(Int)
  case tuple(Int)
  case list(Int)
  case dict(Int)
  case global(Int)
  case object(Int)
  case storage(Int)
  case tensor(Int)
  /// A value that is not understood and need not be.
  case opaque(PickleOpaque)
}

/// The kind of an opaque value; an index refers to a global. Without text, so that a million of them stay small.
enum PickleOpaque {
  case set
  case bytes
  case longInteger
  case resultOfCall
  case result(Int)
  case storage(Int)
  case persistent
  case tensorWithUnknownStorage
  case tensorOfUnknownType
  case tensorWithFlags
}

/// Everything that the values of a pickle refer to, and its approximate size in memory.
struct PickleHeap {
  /// Increases with everything that is added.
  private(set) var byteCount = 0
  private(set) var strings: [String] = []
  /// The items of all tuples: most have one or two, too few for arrays of their own.
  private var tupleItems: [PickleValue] = []
  private var tuples: [Range<Int>] = [0..<0]
  private(set) var lists: [[PickleValue]] = []
  private(set) var dicts: [[(key: PickleValue, value: PickleValue)]] = []
  private(set) var globals: [PickleGlobal] = []
  private(set) var objects: [PickleObject] = []
  private(set) var storages: [TorchStorage] = []
  private(set) var storagePositions: [ExactName: Int] = [:]
  private(set) var tensors: [TorchView] = []

  /// The overhead of an allocation in addition to its content.
  private static let blockOverhead = 48

  mutating func string(_ text: String) -> PickleValue {
    strings.append(text)
    byteCount += MemoryLayout<String>.stride + Self.byteCount(of: text)
    return .string(strings.count - 1)
  }

  /// Short text is stored inside the string itself.
  private static func byteCount(of text: String) -> Int {
    text.utf8.count > 15 ? text.utf8.count + blockOverhead : 0
  }

  private static func byteCount(of count: Int) -> Int { count * MemoryLayout<PickleValue>.stride }

  mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    if items.isEmpty { return .tuple(0) }
    tuples.append(tupleItems.count..<tupleItems.count + items.count)
    tupleItems += items
    byteCount += MemoryLayout<Range<Int>>.stride + Self.byteCount(of: items.count)
    return .tuple(tuples.count - 1)
  }

  func items(ofTuple index: Int) -> [PickleValue] { Array(tupleItems[tuples[index]]) }

  mutating func list(_ items: [PickleValue] = []) -> PickleValue {
    lists.append([])
    byteCount += MemoryLayout<Int>.stride
    append(items, toList: lists.count - 1)
    return .list(lists.count - 1)
  }

  mutating func append(_ items: [PickleValue], toList index: Int) {
    if lists[index].isEmpty, !items.isEmpty { byteCount += Self.blockOverhead }
    lists[index] += items
    byteCount += Self.byteCount(of: items.count)
  }

  mutating func dict() -> PickleValue {
    dicts.append([])
    byteCount += MemoryLayout<Int>.stride
    return .dict(dicts.count - 1)
  }

  mutating func set(_ key: PickleValue, to value: PickleValue, inDict index: Int) {
    if dicts[index].isEmpty { byteCount += Self.blockOverhead }
    dicts[index].append((key, value))
    byteCount += Self.byteCount(of: 2)
  }

  mutating func global(_ global: PickleGlobal) -> PickleValue {
    globals.append(global)
    byteCount += MemoryLayout<PickleGlobal>.stride + Self.byteCount(of: global.name)
    return .global(globals.count - 1)
  }

  /// An object of a class that is a global.
  mutating func object(of type: Int) -> PickleValue {
    objects.append(PickleObject(type: type))
    byteCount += MemoryLayout<PickleObject>.stride
    return .object(objects.count - 1)
  }

  mutating func setState(_ state: PickleValue, ofObject index: Int) { objects[index].state = state }

  mutating func storage(_ storage: TorchStorage) -> PickleValue {
    storagePositions[ExactName(storage.key)] = storages.count
    storages.append(storage)
    byteCount += MemoryLayout<TorchStorage>.stride + 3 * MemoryLayout<String>.stride
    return .storage(storages.count - 1)
  }

  mutating func tensor(_ view: TorchView) -> PickleValue {
    tensors.append(view)
    byteCount +=
      MemoryLayout<TorchView>.stride + 2 * (Self.blockOverhead + view.layout.shape.count * MemoryLayout<Int>.stride)
    return .tensor(tensors.count - 1)
  }

  func text(_ value: PickleValue) -> String? {
    if case .string(let index) = value { strings[index] } else { nil }
  }

  /// The kind of a value, for messages.
  func description(of value: PickleValue) -> String {
    switch value {
    case .none: "None"
    case .bool: "a truth value"
    case .int, .float: "a number"
    case .string: "text"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dict: "a dictionary"
    case .global(let index): "the name \(globals[index].name)"
    case .object(let index): "an object of class \(globals[objects[index].type].name)"
    case .storage: "a bare storage"
    case .tensor: "a tensor"
    case .opaque(let opaque): description(of: opaque)
    }
  }

  private func description(of opaque: PickleOpaque) -> String {
    switch opaque {
    case .set: "a set"
    case .bytes: "bytes"
    case .longInteger: "a long integer"
    case .resultOfCall: "the result of a call"
    case .result(let index): "the result of \(globals[index].name)"
    case .storage(let index): "a storage of type \(globals[index].name)"
    case .persistent: "a persistent object that is not a storage"
    case .tensorWithUnknownStorage: "a tensor with a storage of unknown type"
    case .tensorOfUnknownType: "a tensor of unknown type"
    case .tensorWithFlags: "a tensor with flags that are not understood"
    }
  }
}

/// An object created from a class, with the attributes it was given.
struct PickleObject {
  let type: Int
  var state: PickleValue?
}

/// A flat array of numbers that tensors are views of.
struct TorchStorage {
  let key: String
  /// `u8` for an untyped storage, whose size is counted in bytes.
  let dtype: DType
  let count: Int
  let byteCount: Int
  let isUntyped: Bool
}

/// A tensor as described by the pickle, not checked yet.
struct TorchView {
  let storage: Int
  let dtype: DType
  let layout: StridedLayout
}

/// Values that a pickle stores for reuse. Picklers number the slots consecutively.
struct PickleMemo {
  /// Far more than a real pickle of 16 MB uses.
  static let limit = 2 << 20

  private var slots: [PickleValue?] = []
  /// Slots in use.
  private(set) var count = 0
  /// Slots that take memory.
  var slotCount: Int { slots.count }

  /// False for a slot beyond the limit.
  mutating func set(_ slot: Int, _ value: PickleValue) -> Bool {
    guard slot < Self.limit else { return false }
    while slots.count <= slot { slots.append(nil) }
    if slots[slot] == nil { count += 1 }
    slots[slot] = value
    return true
  }

  subscript(slot: Int) -> PickleValue? { slots.indices.contains(slot) ? slots[slot] : nil }
}
