import Foundation
import ZooTensors

/// The members of a tar archive, such as a WebDataset shard: POSIX and GNU headers, uncompressed.
package struct TarArchive: Sendable {
  package let path: String
  package let members: [Member]

  package struct Member: Sendable, Hashable {
    package let name: String
    /// The offset of its bytes in the archive.
    package let offset: Int
    package let size: Int

    /// WebDataset's key: the name up to the first dot in its last component.
    package var key: String {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      let last = parts.last?.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
      return (parts.dropLast() + [last]).joined(separator: "/")
    }
  }

  private static let block = 512
  /// Longer names and fields are rejected.
  private static let textLimit = 1 << 16

  /// Reads the headers of all files in the archive. Throws an `EvaluateError`.
  package init(_ path: String) throws {
    self.path = path
    guard let file = try? OpenFile(reading: path), let end = try? file.seekToEnd() else {
      throw EvaluateError.unreadable(file: path, reason: "it is missing or may not be read")
    }
    func fail(_ offset: Int, _ reason: String) -> EvaluateError {
      .unreadable(file: path, reason: "byte \(offset): \(reason)")
    }
    func read(_ offset: Int, _ count: Int) throws -> [UInt8] {
      try file.seek(to: offset)
      let data = try file.read(upTo: count)
      guard data.count == count else {
        throw fail(offset, "the archive ends here, in the middle of a member")
      }
      return Array(data)
    }
    var members: [Member] = [], offset = 0, longName: String?, fields: [String: String] = [:]
    while offset + Self.block <= end {
      let header = try read(offset, Self.block)
      if header.allSatisfy({ $0 == 0 }) { break }
      guard Self.isHeader(header) else {
        throw fail(
          offset,
          header.starts(with: [0x1F, 0x8B]) ? "it is compressed; unpack it with gunzip" : "this is not a tar header")
      }
      guard let ownSize = Self.number(header[124..<136]) else { throw fail(offset, "a size cannot be read") }
      let size = fields["size"].flatMap { Int($0) } ?? ownSize, start = offset + Self.block
      guard size >= 0, size <= end - start else {
        throw fail(offset, "a member of \(size) bytes reaches beyond the archive's end")
      }
      switch header[156] {
      case UInt8(ascii: "L") where size <= Self.textLimit: longName = Self.text(try read(start, size)[...])
      case UInt8(ascii: "x") where size <= Self.textLimit:
        guard let found = Self.fields(try read(start, size)) else {
          throw fail(start, "an extended header cannot be read")
        }
        fields = found
      case UInt8(ascii: "0"), 0, UInt8(ascii: "7"):
        let prefix = Self.isPOSIX(header) ? Self.text(header[345..<500]) : "", name = Self.text(header[0..<100])
        members.append(
          Member(
            name: fields["path"] ?? longName ?? (prefix.isEmpty ? name : "\(prefix)/\(name)"), offset: start,
            size: size))
        (longName, fields) = (nil, [:])
      default: (longName, fields) = (nil, [:])
      }
      offset = start + (size + Self.block - 1) / Self.block * Self.block
    }
    self.members = members
  }

  private static func isPOSIX(_ header: [UInt8]) -> Bool { header[257..<263].elementsEqual(Array("ustar\0".utf8)) }

  /// The checksum is the sum of all bytes, in which its own bytes count as spaces.
  private static func isHeader(_ header: [UInt8]) -> Bool {
    let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    return number(header[148..<156]) == sum
  }

  /// Octal digits, or GNU's binary numbers for larger values.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      return field.dropFirst().reduce(Int(first & 0x7F)) { value, byte in
        value < 1 << 54 ? value << 8 | Int(byte) : Int.max
      }
    }
    let digits = text(field).trimmed
    return digits.isEmpty ? 0 : Int(digits, radix: 8)
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// `LENGTH NAME=VALUE` lines in an extended header.
  private static func fields(_ bytes: [UInt8]) -> [String: String]? {
    var fields: [String: String] = [:], rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20), rest.first != 0 {
      guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex + 1,
        length <= rest.count
      else { return nil }
      let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
      if let equals = record.firstIndex(of: 0x3D) {
        fields[String(decoding: record[..<equals], as: UTF8.self)] =
          String(decoding: record[(equals + 1)...], as: UTF8.self)
      }
      rest = rest[(rest.startIndex + length)...]
    }
    return fields
  }

  /// A member's bytes.
  package static func bytes(of member: Member, in path: String) throws -> [UInt8] {
    guard let file = try? OpenFile(reading: path) else {
      throw EvaluateError.unreadable(file: path, reason: "it is missing or may not be read")
    }
    try file.seek(to: member.offset)
    let data = try file.read(upTo: member.size)
    guard data.count == member.size else {
      throw EvaluateError.unreadable(file: path, reason: "it has become shorter")
    }
    return Array(data)
  }
}
