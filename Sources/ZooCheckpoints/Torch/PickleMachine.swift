import ZooTensors

/// Evaluates a pickle symbolically.
///
/// Only the opcodes that state dicts need are supported, and the memory of all values is counted: one byte of a pickle can create a tuple, and one
/// compressed byte a thousand.
struct PickleMachine {
  /// A real state dict needs well under a megabyte, or a few with an optimizer beside it.
  static let byteLimit = 16 << 20
  /// For all values together, in bytes of memory. A state dict takes about a kilobyte per tensor.
  static let memoryLimit = 80 << 20
  private static let globalLimit = 100_000
  private static let globalNameLimit = 256

  var heap = PickleHeap()
  private let bytes: ByteView
  private let file: String
  private let base: Int
  private var at = 0
  private var opcodeStart = 0
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo = PickleMemo()

  /// - Parameters:
  ///   - bytes: The pickle and whatever follows it.
  ///   - base: The offset of the bytes in the file, for messages.
  init(_ bytes: ByteView, file: String, base: Int) {
    self.bytes = bytes
    self.file = file
    self.base = base
  }

  /// Runs until STOP. Returns the value and the number of bytes read.
  mutating func run() throws(CheckpointError) -> (value: PickleValue, byteCount: Int) {
    while true {
      guard at < Self.byteLimit else { throw error(.pickleTooLarge, expected: "at most \(Self.byteLimit) bytes") }
      let values = stack.count + marks.count + memo.slotCount
      guard heap.byteCount + values * MemoryLayout<PickleValue>.stride <= Self.memoryLimit else {
        throw error(.pickleTooLarge, expected: "values that fit in \(Self.memoryLimit >> 20) MB of memory")
      }
      opcodeStart = at
      let opcode = try byte()
      if opcode == UInt8(ascii: ".") { return (try pop(), at) }
      try execute(opcode)
    }
  }

  func error(_ rule: CheckpointError.Rule, expected: String? = nil, found: String? = nil) -> CheckpointError {
    CheckpointError(file, rule, offset: base + opcodeStart, expected: expected, found: found)
  }

  private mutating func execute(_ opcode: UInt8) throws(CheckpointError) {
    switch opcode {
    case 0x80:  // PROTO
      let version = try byte()
      guard version <= 5 else { throw error(.pickleProtocol, expected: "at most 5", found: "\(version)") }
    case 0x95:  // FRAME
      guard let length = try take(8).u64(0), length <= bytes.count - at else { throw error(.pickleTruncated) }
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):  // POP
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): push(try top())
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "J"): push(.int(Int(try take(4).integer(Int32.self, at: 0))))
    case UInt8(ascii: "K"): push(.int(Int(try byte())))
    case UInt8(ascii: "M"): push(.int(try take(2).u16(0)))
    case 0x8A: try pushLong(Int(try byte()))
    case 0x8B: try pushLong(Int(try take(4).integer(Int32.self, at: 0)))
    case UInt8(ascii: "G"):
      _ = try take(8)
      push(.float)
    case UInt8(ascii: "X"), UInt8(ascii: "T"): try pushText(try take(4).u32(0))
    case 0x8C, UInt8(ascii: "U"): try pushText(Int(try byte()))
    case 0x8D: try pushText(try take(8).u64(0))
    case UInt8(ascii: "B"): try pushBytes(try take(4).u32(0))
    case UInt8(ascii: "C"): try pushBytes(Int(try byte()))
    case 0x8E, 0x96: try pushBytes(try take(8).u64(0))
    case UInt8(ascii: ")"): push(.tuple(0))
    case UInt8(ascii: "t"): push(heap.tuple(try popToMark()))
    case 0x85, 0x86, 0x87: push(heap.tuple(try pop(count: Int(opcode - 0x84))))
    case UInt8(ascii: "]"): push(heap.list())
    case UInt8(ascii: "l"): push(heap.list(try popToMark()))
    case UInt8(ascii: "}"): push(heap.dict())
    case UInt8(ascii: "d"):
      let items = try popToMark()
      push(heap.dict())
      try setItems(items)
    case UInt8(ascii: "a"): try append(try pop(count: 1))
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try setItems(try pop(count: 2))
    case UInt8(ascii: "u"): try setItems(try popToMark())
    case 0x8F: push(.opaque(.set))
    case 0x90:  // ADDITEMS
      _ = try popToMark()
      guard case .opaque = try top() else { throw wrongType(try top()) }
    case 0x91:  // FROZENSET
      _ = try popToMark()
      push(.opaque(.set))
    case UInt8(ascii: "q"): try memorise(in: Int(try byte()))
    case UInt8(ascii: "r"): try memorise(in: try take(4).u32(0))
    case 0x94: try memorise(in: memo.count)
    case UInt8(ascii: "h"): try pushMemo(Int(try byte()))
    case UInt8(ascii: "j"): try pushMemo(try take(4).u32(0))
    case UInt8(ascii: "c"): try pushGlobal(module: try line(), name: try line())
    case 0x93:  // STACK_GLOBAL
      let names = try pop(count: 2)
      guard let module = heap.text(names[0]), let name = heap.text(names[1]) else { throw wrongType(names[0]) }
      try pushGlobal(module: module, name: name)
    case UInt8(ascii: "R"): push(try reduce(try pop(count: 2)))
    case 0x81: push(try newObject(try pop(count: 2)[0]))
    case 0x92: push(try newObject(try pop(count: 3)[0]))
    case UInt8(ascii: "b"): try build(try pop())
    case UInt8(ascii: "Q"): push(try persistent(try pop()))
    default:
      throw error(.pickleOpcode, found: "0x" + String(opcode, radix: 16))
    }
  }

  // MARK: Bytes

  private mutating func byte() throws(CheckpointError) -> UInt8 {
    guard at < bytes.count else { throw error(.pickleTruncated) }
    at += 1
    return bytes[at - 1]
  }

  private mutating func take(_ count: Int?) throws(CheckpointError) -> ByteView {
    guard let count, 0...bytes.count - at ~= count else { throw error(.pickleTruncated) }
    at += count
    return bytes[at - count..<at]
  }

  private mutating func line() throws(CheckpointError) -> String {
    guard let length = bytes[at..<bytes.count].bytes.firstIndex(of: 0x0A) else { throw error(.pickleTruncated) }
    let end = at + length
    guard let text = String(validating: bytes[at..<end].bytes, as: UTF8.self) else { throw error(.pickleText) }
    at = end + 1
    return text
  }

  private mutating func pushText(_ count: Int?) throws(CheckpointError) {
    let text = String(validating: try take(count).bytes, as: UTF8.self)
    guard let text else { throw error(.pickleText) }
    push(heap.string(text))
  }

  private mutating func pushBytes(_ count: Int?) throws(CheckpointError) {
    _ = try take(count)
    push(.opaque(.bytes))
  }

  private mutating func pushLong(_ count: Int) throws(CheckpointError) {
    let digits = try take(count)
    guard count <= 8 else { return push(.opaque(.longInteger)) }
    var value = digits.bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
    for digit in digits.bytes.reversed() { value = value << 8 | Int(digit) }
    push(.int(value))
  }

  // MARK: Stack and memo

  private mutating func push(_ value: PickleValue) { stack.append(value) }

  private func top() throws(CheckpointError) -> PickleValue {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw error(.pickleStack) }
    return value
  }

  private mutating func pop() throws(CheckpointError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws(CheckpointError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw error(.pickleStack) }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw error(.pickleStack) }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func memorise(in slot: Int) throws(CheckpointError) {
    guard memo.set(slot, try top()) else {
      throw error(.pickleTooLarge, expected: "memo slots up to \(PickleMemo.limit)", found: "\(slot)")
    }
  }

  private mutating func pushMemo(_ slot: Int) throws(CheckpointError) {
    guard let value = memo[slot] else { throw error(.pickleMemo, found: "\(slot)") }
    push(value)
  }

  // MARK: Containers

  func wrongType(_ value: PickleValue) -> CheckpointError {
    error(.pickleType, found: heap.description(of: value))
  }

  /// Appends to the list on top of the stack. What is appended to an opaque value is discarded.
  private mutating func append(_ items: [PickleValue]) throws(CheckpointError) {
    switch try top() {
    case .list(let index): heap.append(items, toList: index)
    case .opaque, .object: break
    case let other: throw wrongType(other)
    }
  }

  /// Adds keys and values in turn to the dictionary on top of the stack.
  private mutating func setItems(_ items: [PickleValue]) throws(CheckpointError) {
    guard items.count % 2 == 0 else { throw error(.pickleStack) }
    switch try top() {
    case .dict(let index):
      for at in stride(from: 0, to: items.count, by: 2) { heap.set(items[at], to: items[at + 1], inDict: index) }
    case .opaque, .object: break
    case let other: throw wrongType(other)
    }
  }

  private mutating func pushGlobal(module: String, name: String) throws(CheckpointError) {
    guard heap.globals.count < Self.globalLimit, module.utf8.count + name.utf8.count <= Self.globalNameLimit else {
      throw error(.pickleTooLarge, expected: "fewer and shorter names")
    }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw error(.pickleForbidden, found: "\(module).\(name)")
    }
    push(heap.global(global))
  }

  private mutating func newObject(_ type: PickleValue) throws(CheckpointError) -> PickleValue {
    guard case .global(let index) = type else { throw wrongType(type) }
    if heap.globals[index].meaning == .orderedDict { return heap.dict() }
    return heap.object(of: index)
  }

  /// Sets attributes of the object on top of the stack; those of a dictionary (`_metadata`) are discarded.
  private mutating func build(_ state: PickleValue) throws(CheckpointError) {
    switch try top() {
    case .object(let index): heap.setState(state, ofObject: index)
    case .dict, .opaque: break
    case let other: throw wrongType(other)
    }
  }
}
