import Foundation

/// Reads the golden files with separate code, so that the readers under test do not judge themselves.
public enum Golden {
  /// `Tests/Golden`.
  public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden")
  /// The repository's root folder.
  public static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()

  /// `Tests/Cases`: checkpoints and tokenizers as people save them.
  public static let cases = folder.deletingLastPathComponent().appending(path: "Cases")

  public static func url(_ path: String) -> URL { folder.appending(path: path) }

  public static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(path))) }

  /// A JSON file as dictionaries, arrays, numbers and strings.
  public static func json(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: url(path)), options: [.fragmentsAllowed])
  }

  public static func arrays(_ path: String) throws -> [String: GoldenArray] {
    try readStoredNPZ(Data(contentsOf: url(path)))
  }
}

/// One array in a golden `.npz`, little-endian and C-ordered.
public struct GoldenArray: Sendable {
  public let descr: String
  public let shape: [Int]
  public let bytes: [UInt8]

  public var count: Int { shape.reduce(1, *) }
  public var floats: [Float] { descr == "<f4" ? elements(Float.self) : elements(Double.self).map { Float($0) } }
  public var doubles: [Double] { descr == "<f8" ? elements(Double.self) : elements(Float.self).map { Double($0) } }
  public var ints: [Int] {
    switch descr {
    case "<i8": elements(Int64.self).map { Int($0) }
    case "<i4": elements(Int32.self).map { Int($0) }
    default: bytes.map { Int($0) }
    }
  }

  private func elements<T: BitwiseCopyable>(_: T.Type) -> [T] {
    precondition(bytes.count == count * MemoryLayout<T>.size, "\(descr) is not what the test asked for")
    return [T](unsafeUninitializedCapacity: count) { target, filled in
      UnsafeMutableRawBufferPointer(target).copyBytes(from: bytes)
      filled = count
    }
  }

  /// Row `index` along the first axis.
  public subscript(index: Int) -> GoldenArray {
    let size = bytes.count / shape[0]
    return GoldenArray(
      descr: descr, shape: Array(shape.dropFirst()), bytes: Array(bytes[index * size..<(index + 1) * size]))
  }
}

/// Reads a stored (not deflated) NPZ through its central directory.
private func readStoredNPZ(_ data: Data) throws -> [String: GoldenArray] {
  let bytes = [UInt8](data)
  func u16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
  func u32(_ at: Int) -> Int { u16(at) | u16(at + 2) << 16 }
  var end = bytes.count - 22
  while u32(end) != 0x0605_4b50 { end -= 1 }
  var at = u32(end + 16)
  var arrays: [String: GoldenArray] = [:]
  for _ in 0..<u16(end + 10) {
    let method = u16(at + 10), size = u32(at + 24), nameLength = u16(at + 28), local = u32(at + 42)
    precondition(method == 0 && size != 0xFFFF_FFFF, "golden archives are stored and small")
    let name = String(decoding: bytes[at + 46..<at + 46 + nameLength], as: UTF8.self)
    let start = local + 30 + u16(local + 26) + u16(local + 28)
    arrays[String(name.dropLast(4))] = parseNPY(Array(bytes[start..<start + size]))
    at += 46 + nameLength + u16(at + 30) + u16(at + 32)
  }
  return arrays
}

private func parseNPY(_ bytes: [UInt8]) -> GoldenArray {
  let length = Int(bytes[8]) | Int(bytes[9]) << 8
  let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
  func field(_ name: String, _ open: Character, _ close: Character) -> String {
    let rest = header[header.range(of: "'\(name)':")!.upperBound...]
    let start = rest.index(after: rest.firstIndex(of: open)!)
    return String(rest[start..<rest[start...].firstIndex(of: close)!])
  }
  let shape = field("shape", "(", ")").split(separator: ",").compactMap {
    Int($0.trimmingCharacters(in: .whitespaces))
  }
  return GoldenArray(descr: field("descr", "'", "'"), shape: shape, bytes: Array(bytes[(10 + length)...]))
}
