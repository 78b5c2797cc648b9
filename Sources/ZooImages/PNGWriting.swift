import CImageCodecs
import Foundation
import ZooTensors

extension Image {
  /// The picture as a PNG file: grey, RGB and RGBA as they are, other modes as RGB. Throws where memory runs out.
  public func pngData() throws -> [UInt8] {
    let image = [.l, .rgb, .rgba].contains(mode) ? self : convertedToRGB()
    var count = 0
    let channels = Int32(image.mode.bytesPerPixel)
    guard
      let bytes = zoo_png_encode(image.pixels, Int64(image.width), Int64(image.height), channels, &count)
    else { throw ImageError.unwritable(name: "the PNG", reason: "not enough memory") }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// Writes the picture as a PNG file, which appears whole or not at all. Throws `ImageError.unwritable`.
  public func writePNG(to url: URL) throws {
    do {
      try writeWhole(try pngData(), to: url.resolvingSymlinksInPath().path)
    } catch let error as POSIXError {
      throw ImageError.unwritable(name: url.path, reason: systemReason(of: error))
    }
  }
}

/// Writes to a new file beside `path` and renames it to `path`. What is not a plain file, such as `/dev/stdout`, is
/// written to directly. Throws the system's error; nothing is left behind then.
private func writeWhole(_ bytes: [UInt8], to path: String) throws {
  var status = stat()
  let exists = stat(path, &status) == 0
  if exists, status.st_mode & S_IFMT != S_IFREG {
    try write(bytes, to: open(path, O_WRONLY))
    return
  }
  let name = (path as NSString).lastPathComponent, folder = (path as NSString).deletingLastPathComponent
  let temporary = (folder as NSString).appendingPathComponent(".\(name).\(UInt32.random(in: 0...UInt32.max)).part")
  do {
    try write(bytes, to: open(temporary, O_WRONLY | O_CREAT | O_EXCL, exists ? status.st_mode & 0o777 : 0o666))
    guard rename(temporary, path) == 0 else { throw lastError() }
  } catch {
    unlink(temporary)
    throw error
  }
}

/// Writes all bytes and closes the descriptor, which is that of a failed `open` where it is negative.
private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
  guard descriptor >= 0 else { throw lastError() }
  var at = 0
  while at < bytes.count {
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + at, bytes.count - at) }
    if written < 0 && errno == EINTR { continue }
    guard written > 0 else {
      let error = lastError()
      close(descriptor)
      throw error
    }
    at += written
  }
  guard close(descriptor) == 0 else { throw lastError() }
}

private func lastError() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
