import Foundation
import Synchronization
import ZooCheckpoints

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The lines of one or several runs, by sample index. Memory holds only the position of each line: lines are read one at a time.
package struct RunLines<Line: RunLine>: Sendable {
  private struct Place {
    let file: Int
    let bytes: Range<Int>
    let isError: Bool
  }

  private var files: [LineFile]
  private var places: [Int: Place] = [:]
  private let coding: [CodingUserInfoKey: any Sendable]

  /// The number of samples that have a line.
  package var count: Int { places.count }
  /// The samples that have a line, in ascending order.
  package var indices: [Int] { places.keys.sorted() }

  /// Whether a sample has a result.
  package func isDone(_ index: Int) -> Bool { places[index].map { !$0.isError } ?? false }
  /// Whether a sample has a line.
  package func contains(_ index: Int) -> Bool { places[index] != nil }

  /// Calls `body` with each line, in the order of the samples.
  ///
  /// Throws an `EvaluateError` if a file changes meanwhile.
  package func forEach(_ body: (Line) throws -> Void) throws {
    let decoder = decoder
    for index in indices { if let line = try line(index, by: decoder) { try body(line) } }
  }

  /// A sample's line; nil if it has none.
  func line(_ index: Int) throws -> Line? { try line(index, by: decoder) }

  private var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.userInfo = coding
    return decoder
  }

  private func line(_ index: Int, by decoder: JSONDecoder) throws -> Line? {
    guard let place = places[index] else { return nil }
    return try files[place.file].decode(Line.self, place.bytes, by: decoder)
  }

  /// Finds the lines in a file; of several for one sample, the last wins.
  ///
  /// Throws `EvaluateError.badLine` for an invalid line.
  init(_ file: LineFile, coding: [CodingUserInfoKey: any Sendable]) throws {
    (files, self.coding) = ([file], coding)
    let decoder = decoder
    var number = 1
    try file.forEachLine { bytes in
      guard let line = try? file.decode(Line.self, bytes, by: decoder) else {
        throw EvaluateError.badLine(number, file: file.path, reason: "it is not a sample's row")
      }
      add(line, at: bytes)
      number += 1
    }
  }

  mutating func add(_ line: Line, at bytes: Range<Int>) {
    places[line.index] = Place(file: 0, bytes: bytes, isError: line.error != nil)
  }

  /// The lines of several runs that share no sample; at least one run.
  init(joining runs: [RunLines]) {
    (files, coding) = ([], runs[0].coding)
    for run in runs {
      for (index, place) in run.places {
        places[index] = Place(file: files.count + place.file, bytes: place.bytes, isError: place.isError)
      }
      files += run.files
    }
  }

  /// The first sample that is also in another run.
  func firstShared(with other: RunLines) -> Int? { other.places.keys.filter(contains).min() }
}

/// A file of lines that is only appended to.
final class LineFile: Sendable {
  let path: String
  private let descriptor: Int32
  /// The size of the complete lines in bytes.
  private let end = Mutex(0)

  /// Opens a file; creates it if it is to be written.
  init(_ path: String, isWritable: Bool) throws {
    self.path = path
    let flags = isWritable ? O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW : O_RDONLY
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  /// A file without a name, which disappears with the process.
  init() throws {
    path = FileManager.default.temporaryDirectory.path
    guard let descriptor = makeNamelessFile(in: path) else { throw Self.failure(path) }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Keeps other processes from writing; false if one already does.
  func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Calls `body` with the byte range of each complete line, and remembers where they end.
  func forEachLine(_ body: (Range<Int>) throws -> Void) throws {
    var start = 0, read = 0
    while true {
      let piece = try bytes(read..<read + 1 << 20)
      for (offset, byte) in piece.enumerated() where byte == 0x0A {
        try body(start..<read + offset)
        start = read + offset + 1
      }
      read += piece.count
      if piece.isEmpty { break }
    }
    end.withLock { $0 = start }
  }

  /// Removes an incomplete line, left by a process that was killed.
  func cutOffRest() throws {
    guard ftruncate(descriptor, off_t(end.withLock { $0 })) == 0 else { throw Self.failure(path) }
  }

  func decode<Line: Decodable>(_: Line.Type, _ range: Range<Int>, by decoder: JSONDecoder) throws -> Line {
    let data = try bytes(range)
    guard data.count == range.count, let line = try? decoder.decode(Line.self, from: data) else {
      throw EvaluateError.unreadable(file: path, reason: "it has changed")
    }
    return line
  }

  /// Appends lines, which are handed to the system when this returns, and returns their positions.
  func append(_ lines: [Data]) throws -> [Range<Int>] {
    let joined = lines.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
    return try end.withLock { end in
      var written = 0
      while written < joined.count {
        let count = joined.withUnsafeBytes {
          write(descriptor, $0.baseAddress?.advanced(by: written), joined.count - written)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          throw EvaluateError.unwritable(file: path, reason: String(cString: strerror(errno)))
        }
        written += count
      }
      return lines.map { line in
        defer { end += line.count + 1 }
        return end..<end + line.count
      }
    }
  }

  /// As many of these bytes as exist.
  private func bytes(_ range: Range<Int>) throws -> Data {
    var data = Data(count: range.count), done = 0
    while done < range.count {
      let count = data.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress?.advanced(by: done), range.count - done, off_t(range.lowerBound + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.failure(path) }
      if count == 0 { break }
      done += count
    }
    return data.prefix(done)
  }

  private static func failure(_ path: String) -> EvaluateError {
    .unreadable(file: path, reason: String(cString: strerror(errno)))
  }
}
