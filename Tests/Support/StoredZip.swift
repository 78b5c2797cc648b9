/// A ZIP archive of stored members, written and read by the tests' own code.
public struct StoredZip {
  public var members: [(name: String, bytes: [UInt8])] = []

  public init(_ members: [(name: String, bytes: [UInt8])]) { self.members = members }

  /// Reads an archive whose members are all stored.
  public init(reading archive: [UInt8]) throws {
    func number(_ at: Int, _ width: Int) throws -> Int {
      guard at >= 0, at + width <= archive.count else { throw NotStored() }
      return (0..<width).reduce(0) { $0 | Int(archive[at + $1]) << (8 * $1) }
    }
    var at = try number(archive.count - 6, 4)
    for _ in 0..<(try number(archive.count - 12, 2)) {
      guard try number(at, 4) == 0x0201_4B50, try number(at + 10, 2) == 0 else { throw NotStored() }
      let size = try number(at + 24, 4), nameLength = try number(at + 28, 2), local = try number(at + 42, 4)
      let start = local + 30 + (try number(local + 26, 2)) + (try number(local + 28, 2))
      guard start + size <= archive.count, at + 46 + nameLength <= archive.count else { throw NotStored() }
      let name = String(decoding: archive[at + 46..<at + 46 + nameLength], as: UTF8.self)
      members.append((name, Array(archive[start..<start + size])))
      at += 46 + nameLength + (try number(at + 30, 2)) + (try number(at + 32, 2))
    }
  }

  public struct NotStored: Error {}

  public var bytes: [UInt8] {
    let (archive, directory) = parts
    let end =
      little(members.count, 2) + little(members.count, 2) + little(directory.count, 4) + little(archive.count, 4)
    return archive + directory + little(0x0605_4B50, 4) + little(0, 4) + end + little(0, 2)
  }

  /// The same with a ZIP64 end record and saturated fields in the plain one; with the given errors in its offsets.
  public func wideBytes(offsetError: Int = 0, locatorError: Int = 0) -> [UInt8] {
    let (archive, directory) = parts
    let start = archive.count + directory.count
    var bytes = archive + directory + little(0x0606_4B50, 4) + little(44, 8) + little(45, 2) + little(45, 2)
    bytes += little(0, 4) + little(0, 4) + little(members.count, 8) + little(members.count, 8)
    bytes += little(directory.count, 8) + little(archive.count + offsetError, 8)
    bytes += little(0x0706_4B50, 4) + little(0, 4) + little(start + locatorError, 8) + little(1, 4)
    let saturated = [UInt8](repeating: 0xFF, count: 12)
    return bytes + little(0x0605_4B50, 4) + little(0, 4) + saturated + little(0, 2)
  }

  private var parts: (archive: [UInt8], directory: [UInt8]) {
    var archive: [UInt8] = [], directory: [UInt8] = []
    for (name, bytes) in members {
      let sizes = little(Int(crc32(bytes)), 4) + little(bytes.count, 4) + little(bytes.count, 4)
      let common = little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + sizes + little(name.utf8.count, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2)
      directory += little(0, 2) + little(0, 4) + little(archive.count, 4) + Array(name.utf8)
      archive += little(0x0403_4B50, 4) + common + little(0, 2) + Array(name.utf8) + bytes
    }
    return (archive, directory)
  }
}

private func little(_ value: Int, _ width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(0xFFFF_FFFF as UInt32) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
}
