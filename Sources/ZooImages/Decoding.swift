import CImageCodecs
import Foundation
import ZooTensors

extension Picture {
  /// The default limit on the number of pixels that are decoded. Pillow, too, considers a larger picture to be a decompression bomb.
  public static let pixelLimit = 178_956_970
  /// The limits that a caller may set.
  package static let pixelLimits = 1...1 << 40

  /// Reads a picture file; its content determines the format.
  ///
  /// - Parameter pixelLimit: The maximum number of pixels.
  public init(contentsOf url: URL, pixelLimit: Int = Self.pixelLimit) throws(PictureError) {
    self = try Self.decode(contentsOf: url, pixelLimit: pixelLimit)
  }

  /// Decodes the bytes of a picture file; their content determines the format.
  ///
  /// - Parameters:
  ///   - name: The name in errors.
  ///   - pixelLimit: The maximum number of pixels.
  public init(data: Data, name: String = "the picture", pixelLimit: Int = Self.pixelLimit) throws(PictureError) {
    self = try Self.decode(data, name: name, pixelLimit: pixelLimit)
  }

  /// Same as `init(contentsOf:pixelLimit:)`.
  package static func decode(contentsOf url: URL, pixelLimit: Int = pixelLimit) throws(PictureError) -> Picture {
    try decode(readPicture(url.path), name: url.path, pixelLimit: pixelLimit)
  }

  /// Same as `init(data:name:pixelLimit:)`.
  package static func decode(_ data: Data, name: String, pixelLimit: Int = pixelLimit) throws(PictureError) -> Picture {
    try data.withUnsafeBytes { bytes in
      Result { () throws(PictureError) in try decode(bytes: bytes, name: name, pixelLimit: pixelLimit) }
    }.get()
  }

  /// Decodes a picture exactly as Pillow does, in the file's own mode; `name` is for messages.
  ///
  /// JPEG (libjpeg-turbo), PNG (libpng), WebP (libwebp); with the package trait MoreFormats also the first frame of a GIF (giflib), TIFF (libtiff),
  /// HEIC (libheif) and AVIF (libavif). Memory for the pixels is only allocated after the declared size is checked.
  package static func decode(
    bytes: UnsafeRawBufferPointer, name: String, pixelLimit: Int = pixelLimit
  ) throws(PictureError) -> Picture {
    let source = FileBytes(bytes: bytes, name: name, pixelLimit: pixelLimit)
    switch source.format {
    case .png: return try decode(source, with: zoo_png_decode)
    case .jpeg: return try decode(source, with: zoo_jpeg_decode)
    case .webp: return try decode(source, with: zoo_webp_decode)
    #if MoreFormats
      case .gif: return try decode(source, with: zoo_gif_decode)
      // Pillow turns these upright when it reads them.
      case .tiff: return try decode(source, with: zoo_tiff_decode).upright()
      case .heic: return try decode(source, with: zoo_heic_decode)
      case .avif: return try decode(source, with: zoo_avif_decode)
    #endif
    case .some(let format): throw PictureError.unsupportedFormat(name: name, format: format)
    case nil: throw PictureError.unknownFormat(name: name)
    }
  }

  /// Decodes a picture that is in memory.
  package static func decode(bytes: [UInt8], name: String, pixelLimit: Int = pixelLimit) throws(PictureError) -> Picture
  {
    try bytes.withUnsafeBytes { bytes in
      Result { () throws(PictureError) in try decode(bytes: bytes, name: name, pixelLimit: pixelLimit) }
    }.get()
  }

  private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, Int64, UnsafeMutablePointer<zoo_picture>?
  ) -> Int32

  private static func decode(_ source: FileBytes, with decoder: Decoder) throws(PictureError) -> Picture {
    var picture = zoo_picture()
    func run(until expected: Int) throws(PictureError) {
      let code = decoder(
        source.bytes.bindMemory(to: UInt8.self).baseAddress, source.bytes.count, Int64(source.pixelLimit), &picture)
      switch Int(code) {
      case expected: break
      case ZOO_UNSUPPORTED: throw source.unsupported(message(of: picture))
      case ZOO_TOO_LARGE: throw source.tooLarge(width: Int(picture.width), height: Int(picture.height))
      default: throw source.damaged(message(of: picture))
      }
    }
    try run(until: ZOO_MEASURED)
    guard let mode = Mode(code: picture.mode) else { throw source.damaged("it has no pixels") }
    let width = Int(picture.width), height = Int(picture.height), count = width * height * mode.bytesPerPixel
    var result: Result<Void, PictureError> = .success(())
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      picture.pixels = buffer.baseAddress
      picture.room = count
      result = Result { () throws(PictureError) in try run(until: ZOO_DECODED) }
      picture.pixels = nil
      initialized = count
    }
    try result.get()
    return Picture(
      width: width, height: height, mode: mode, pixels: pixels,
      palette: mode == .palette ? withUnsafeBytes(of: picture.palette) { Array($0) } : [],
      orientation: (1...8).contains(picture.orientation) ? Int(picture.orientation) : source.orientation,
      transparency: transparency(of: picture, mode))
  }

  private static func transparency(of picture: zoo_picture, _ mode: Mode) -> Transparency? {
    if picture.has_alpha != 0 { return .entries(withUnsafeBytes(of: picture.alpha) { Array($0) }) }
    if picture.has_key != 0 { return .color(withUnsafeBytes(of: picture.key) { Array($0.prefix(mode.bytesPerPixel)) }) }
    return nil
  }

  private static func message(of picture: zoo_picture) -> String {
    let text = withUnsafeBytes(of: picture.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      .trimming { $0.isWhitespace || $0 == "." }
    guard let word = text.split(separator: " ").first else { return "the decoder gives no reason" }
    // A sentence continues with it; chunk names and abbreviations keep their case.
    let isName = word.hasSuffix(":") || word.dropFirst().first?.isUppercase == true
    return isName ? text : text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// The maximum number of bytes read from a pipe; `/dev/zero` never ends.
private let pipeLimit = 1 << 30

/// The bytes of a picture file; `-` is standard input. Throws `PictureError.unreadable`.
func readPicture(_ path: String) throws(PictureError) -> Data {
  do {
    if path == "-" { return try OpenFile.standardInput.read() }
    // Pipes such as <(...) have no size: they are read to the end.
    if FileIdentity(path)?.kind == .other { return try OpenFile(reading: path).read(upTo: pipeLimit) }
    return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
  } catch {
    // Swift has repaired a name that is not UTF-8, so that it does not lead to the file.
    let reason = path.contains("\u{FFFD}") ? "its name is not valid UTF-8; rename it" : systemReason(of: error)
    throw PictureError.unreadable(name: path, reason: reason)
  }
}
