import CZlib
import Foundation
import ZooModels

/// The bytes of a tokenizer file; if its name ends in `.gz`, inflated to at most `inflatedLimit` bytes.
func readTokenizerFile(_ url: URL, inflatedLimit: Int = 16 << 20) throws(TextError) -> [UInt8] {
  let file = url.lastPathComponent
  let data: Data
  do throws(FileError) { data = try readFile(url.path(percentEncoded: false), limit: Limits.tokenizerBytes) } catch {
    throw error.kind == .tooLarge
      ? TextError.tooLarge(file: file, limit: Limits.tokenizerBytes)
      : TextError.unreadable(file: file, reason: error.reason)
  }
  let bytes = [UInt8](data)
  return file.hasSuffix(".gz") ? try gunzip(bytes, file: file, limit: inflatedLimit) : bytes
}

/// Inflates one gzip member.
package func gunzip(_ input: [UInt8], file: String, limit: Int) throws(TextError) -> [UInt8] {
  guard input.count >= 18, input[0] == 0x1f, input[1] == 0x8b else {
    throw TextError.malformed(file: file, place: "byte 0", problem: "this is not a gzip file")
  }
  guard input.count <= limit else { throw TextError.tooLarge(file: file, limit: limit) }
  var stream = z_stream()
  guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw TextError.unreadable(file: file, reason: "zlib could not be started")
  }
  defer { inflateEnd(&stream) }
  var output: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 18)
  var source = input
  let status: Int32 = source.withUnsafeMutableBufferPointer { source in
    stream.next_in = source.baseAddress
    stream.avail_in = UInt32(source.count)
    var status = Z_OK
    while status == Z_OK {
      status = chunk.withUnsafeMutableBufferPointer { chunk in
        stream.next_out = chunk.baseAddress
        stream.avail_out = UInt32(chunk.count)
        let status = inflate(&stream, Z_NO_FLUSH)
        output.append(contentsOf: chunk[..<(chunk.count - Int(stream.avail_out))])
        return status
      }
      if output.count > limit { break }
    }
    return status
  }
  if output.count > limit { throw .tooLarge(file: file, limit: limit) }
  guard status == Z_STREAM_END else {
    throw TextError.malformed(
      file: file, place: "byte \(input.count - Int(stream.avail_in))", problem: "the gzip data is damaged or cut short")
  }
  return output
}
