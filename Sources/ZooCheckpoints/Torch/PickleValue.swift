import ZooTensors

/// A value of a pickle, as a symbol: nothing is ever imported, called or built.
///
/// Compound values are indices into a `PickleHeap`: deep nesting, sharing and cycles cost nothing and cannot overflow a stack.
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
  /// Something that is not understood and need not be.
  case opaque(PickleOpaque)
}

/// What an opaque value is; an index is that of a global. No text, so that a million of them are small.
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

/// Everything that the values of a pickle point to.
struct PickleHeap {
  var strings: [String] = []
  var tuples: [[PickleValue]] = [[]]
  var lists: [[PickleValue]] = []
  var dicts: [[(key: PickleValue, value: PickleValue)]] = []
  var globals: [PickleGlobal] = []
  var objects: [PickleObject] = []
  var storages: [TorchStorage] = []
  var storagePositions: [ExactName: Int] = [:]
  var tensors: [TorchView] = []

  mutating func string(_ text: String) -> PickleValue {
    strings.append(text)
    return .string(strings.count - 1)
  }

  mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    if items.isEmpty { return .tuple(0) }
    tuples.append(items)
    return .tuple(tuples.count - 1)
  }

  mutating func list(_ items: [PickleValue] = []) -> PickleValue {
    lists.append(items)
    return .list(lists.count - 1)
  }

  mutating func dict() -> PickleValue {
    dicts.append([])
    return .dict(dicts.count - 1)
  }

  func text(_ value: PickleValue) -> String? {
    if case .string(let index) = value { strings[index] } else { nil }
  }

  /// What a value is, for messages.
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
    case .persistent: "a persistent object that is no storage"
    case .tensorWithUnknownStorage: "a tensor with a storage of unknown type"
    case .tensorOfUnknownType: "a tensor of unknown type"
    case .tensorWithFlags: "a tensor with flags that are not understood"
    }
  }
}

/// An object that was made from a class, with the attributes that were given to it.
struct PickleObject {
  let type: Int
  var state: PickleValue?
}

/// A run of numbers that tensors look into.
struct TorchStorage {
  let key: String
  /// `u8` for an untyped storage, whose size is counted in bytes.
  let dtype: DType
  let count: Int
  let byteCount: Int
  let isUntyped: Bool
}

/// A tensor as the pickle describes it: not checked yet.
struct TorchView {
  let storage: Int
  let dtype: DType
  let layout: StridedLayout
}
