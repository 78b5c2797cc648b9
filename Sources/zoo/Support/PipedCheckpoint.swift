import Foundation
import ZooCheckpoints
import ZooStore
import ZooTensors

extension Checkpoint {
  /// Opens the checkpoint that a call names: a path, `-` for standard input, or a pipe such as `<(...)`.
  static func openNamed(_ path: String, part: String? = nil) throws -> Checkpoint {
    try open(PipedFile.isPipe(path) ? PipedFile.path(of: path) : path, part: part)
  }
}

/// The content of a pipe as a file.
///
/// Reading checkpoints requires random access, which pipes do not support: their content is first written to a file in the store without a name,
/// which disappears with the process, however that ends.
private enum PipedFile {
  /// The maximum number of bytes read from a pipe.
  static let limit = 64 << 30
  private static let pieceSize = 1 << 20

  static func isPipe(_ path: String) -> Bool {
    if path == "-" { return true }
    var status = stat()
    return stat(path, &status) == 0 && [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
  }

  /// Reads a pipe to its end; returns a path to its content that is valid as long as the process runs.
  static func path(of pipe: String) throws -> String {
    func unreadable(_ reason: String) -> CallError { .unreadable(file: pipe, reason: reason) }
    if pipe == "-", isatty(STDIN_FILENO) == 1 {
      throw unreadable("standard input is a terminal; send a checkpoint to it")
    }
    let source: OpenFile
    do { source = try pipe == "-" ? .standardInput : OpenFile(reading: pipe) } catch {
      throw unreadable(systemReason(of: error))
    }
    let folder = ModelStore().downloads.path(percentEncoded: false), target = try namelessFile(in: folder)
    var total = 0
    while true {
      let piece: Data
      do { piece = try source.read(upTo: pieceSize) } catch { throw unreadable(systemReason(of: error)) }
      if piece.isEmpty { break }
      total += piece.count
      guard total <= limit else { throw unreadable("it is larger than \(byteText(limit)); give a file") }
      do { try target.write(piece) } catch {
        throw CallError.unwritable(folder, reason: systemReason(of: error))
      }
    }
    guard total > 0 else { throw unreadable("nothing came from it") }
    return "/dev/fd/\(target.descriptor)"
  }

  /// A file without a name; it stays open until the process ends.
  private static func namelessFile(in folder: String) throws -> OpenFile {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CallError.unwritable(folder, reason: systemReason(of: error))
    }
    guard let descriptor = makeNamelessFile(in: folder) else {
      throw CallError.unwritable(folder, reason: systemReason(of: POSIXError.last))
    }
    return OpenFile(descriptor: descriptor, closes: false)
  }
}
