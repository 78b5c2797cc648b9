import ZooTensors

/// The error for a placeholder of a large file that was never fetched: a Git LFS or Xet pointer.
func pointerError(_ bytes: ByteView, path: String) -> CheckpointError? {
  func size(after mark: String) -> String? {
    let lines = String(decoding: bytes.bytes.prefix(1024), as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.first { $0.hasPrefix(mark) }.flatMap { Int($0.dropFirst(mark.count)) }.map { "that has \($0) bytes" }
  }
  if bytes.hasPrefix("version https://git-lfs") {
    return CheckpointError(path, .isGitLFSPointer, found: size(after: "size "))
  }
  return bytes.hasPrefix("# xet version")
    ? CheckpointError(path, .isXetPointer, found: size(after: "filesize = ")) : nil
}

/// The error for a file in a markup language: a web page, or the XML in which storage servers report errors.
func markupError(_ bytes: ByteView, path: String) -> CheckpointError? {
  let start = String(decoding: bytes.bytes.prefix(512).drop { $0 <= 0x20 }, as: UTF8.self).lowercased()
  let isPage = ["<!doctype", "<html", "<head"].contains { start.hasPrefix($0) } || start.contains("<html")
  if isPage { return CheckpointError(path, .isWebPage, found: pageTitle(bytes)) }
  return start.hasPrefix("<?xml") ? CheckpointError(path, .isXML, found: firstWords(bytes)) : nil
}

/// The title of a web page, or its first words.
private func pageTitle(_ bytes: ByteView) -> String? {
  let text = String(decoding: bytes.bytes.prefix(4096), as: UTF8.self)
  guard let title = text.firstMatch(of: /<title[^>]*>\s*([^<]+)/.ignoresCase()) else { return firstWords(bytes) }
  return "'\(title.1.split(whereSeparator: \.isWhitespace).joined(separator: " "))'"
}

/// The beginning of a text file; nil for any other.
func firstWords(_ bytes: ByteView) -> String? {
  let start = Array(bytes.bytes.prefix(512))
  // A multi-byte character may be cut off at the end.
  let cuts = bytes.count > start.count ? 0...3 : 0...0
  guard let text = cuts.lazy.compactMap({ String(validating: start.dropLast($0), as: UTF8.self) }).first,
    text.unicodeScalars.allSatisfy({ $0.value >= 0x20 || [0x09, 0x0A, 0x0C, 0x0D].contains($0.value) })
  else { return nil }
  let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  return words.count > 80 ? "'\(words.prefix(80))…'" : "'\(words)'"
}

/// Formats that other programs use for weights or archives.
private let formats: [(magic: [UInt8], offset: Int, name: String)] = [
  (Array("GGUF".utf8), 0, "a GGUF file of llama.cpp"),
  (Array("lmgg".utf8), 0, "a GGML file of llama.cpp"), (Array("tjgg".utf8), 0, "a GGML file of llama.cpp"),
  ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], 0, "an HDF5 file, as Keras and TensorFlow write"),
  (Array("TFL3".utf8), 4, "a TensorFlow Lite model"), ([0x1F, 0x8B], 0, "a gzip archive: unpack it first"),
  ([0x28, 0xB5, 0x2F, 0xFD], 0, "a Zstandard archive: unpack it first"),
  ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, "a 7-Zip archive: unpack it first"),
  ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], 0, "an xz archive: unpack it first"),
  (Array("BZh".utf8), 0, "a bzip2 archive: unpack it first"), (Array("Rar!".utf8), 0, "a RAR archive: unpack it first"),
  ([0x89, 0x50, 0x4E, 0x47], 0, "a PNG picture"), ([0xFF, 0xD8, 0xFF], 0, "a JPEG picture"),
  (Array("%PDF".utf8), 0, "a PDF document"),
]

/// The format of another program's file.
func foreignFormat(_ bytes: ByteView, path: String) -> String? {
  if let known = formats.first(where: { bytes.bytes.dropFirst($0.offset).starts(with: $0.magic) }) { return known.name }
  guard bytes.count > 4 else { return nil }
  let (first, second) = (bytes[0], bytes[1])
  // A map whose first key is short text.
  if 0x81...0x8F ~= first && 0xA1...0xBF ~= second { return "a msgpack file, as Flax writes" }
  // Field 1, the version of the format, then a text or a number.
  if first == 0x08, 1...20 ~= second, [0x12, 0x1A, 0x22, 0x28, 0x3A].contains(bytes[2]) {
    return "an ONNX model"
  }
  return path.hasSuffix(".onnx") ? "an ONNX model" : nil
}
