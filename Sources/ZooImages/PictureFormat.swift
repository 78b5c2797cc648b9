/// The format of a picture file, determined by its first bytes, whatever the file's name.
public enum PictureFormat: String, Sendable, Hashable, CaseIterable {
  /// PNG, read by libpng.
  case png = "PNG"
  /// JPEG, read by libjpeg-turbo.
  case jpeg = "JPEG"
  /// WebP, read by libwebp; only the first frame of an animation.
  case webp = "WebP"
  /// GIF, whose first frame is read with the package trait MoreFormats.
  case gif = "GIF"
  /// Windows bitmap; recognised but not read.
  case bmp = "BMP"
  /// Netpbm; recognised but not read.
  case pnm = "PPM/PGM/PBM"
  /// HEIC, read with the package trait MoreFormats.
  case heic = "HEIC"
  /// AVIF, read with the package trait MoreFormats.
  case avif = "AVIF"
  /// TIFF, whose first page is read with the package trait MoreFormats.
  case tiff = "TIFF"
  /// JPEG XL; recognised but not read.
  case jpegXL = "JPEG XL"
  /// JPEG 2000; recognised but not read.
  case jpeg2000 = "JPEG 2000"

  /// The number of bytes that are examined.
  package static let headerSize = 64

  /// Whether `Picture.decode` reads it.
  public var isRead: Bool {
    switch self {
    case .png, .jpeg, .webp: true
    case .gif, .tiff, .heic, .avif: Self.hasMore
    case .bmp, .pnm, .jpegXL, .jpeg2000: false
    }
  }

  /// Whether a build with the package trait MoreFormats reads it.
  public var needsMoreFormats: Bool {
    switch self {
    case .gif, .tiff, .heic, .avif: true
    default: false
    }
  }

  #if MoreFormats
    private static let hasMore = true
  #else
    private static let hasMore = false
  #endif

  /// Nil if the bytes do not begin a picture.
  package init?(header: UnsafeRawBufferPointer) {
    func has(_ bytes: [UInt8], at: Int = 0) -> Bool {
      at + bytes.count <= header.count && header[at..<at + bytes.count].elementsEqual(bytes)
    }
    func has(_ text: String, at: Int = 0) -> Bool { has(Array(text.utf8), at: at) }
    if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if has([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if has("RIFF"), has("WEBP", at: 8) {
      self = .webp
    } else if has("GIF87a") || has("GIF89a") {
      self = .gif
    } else if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") {
      self = .tiff
    } else if has("ftyp", at: 4), let brands = Self.brands(header) {
      self = brands
    } else if has([0xFF, 0x0A]) || has([0, 0, 0, 12]) && has("JXL ", at: 4) {
      self = .jpegXL
    } else if has([0, 0, 0, 12]) && has("jP  ", at: 4) || has([0xFF, 0x4F, 0xFF, 0x51]) {
      self = .jpeg2000
    } else if has("BM"), header.count >= 18, [12, 40, 52, 56, 64, 108, 124].contains(header[14]),
      header[15..<18].allSatisfy({ $0 == 0 })
    {
      self = .bmp
    } else if ["P4", "P5", "P6"].contains(where: { has($0) }), header.count > 2,
      [0x20, 0x09, 0x0A, 0x0D, 0x23].contains(header[2])
    {
      self = .pnm
    } else {
      return nil
    }
  }

  /// Determined by the brands of an ISO media file: the major one, then the compatible ones.
  private static func brands(_ header: UnsafeRawBufferPointer) -> PictureFormat? {
    let end = min(header.count, header.prefix(4).reduce(0) { $0 << 8 | Int($1) })
    let brands = ([8] + stride(from: 16, to: max(end - 3, 16), by: 4)).filter { $0 + 4 <= header.count }
      .map { String(decoding: header[$0..<$0 + 4], as: UTF8.self) }
    if brands.contains(where: { ["avif", "avis"].contains($0) }) { return .avif }
    let heif = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "heif"]
    return brands.contains(where: heif.contains) ? .heic : nil
  }
}
